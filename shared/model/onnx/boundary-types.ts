import { create } from '@bufbuild/protobuf';
import { BadInputError } from '../../errors.ts';
import { ELEMENT_TYPES, elementTypeOf, isElementType } from './element-types.ts';
import { type GraphProto, type ValueInfoProto, ValueInfoProtoSchema } from './onnx_pb.ts';

/** Type of a tensor; a text in `dims` is a free dimension's name, equal where sizes are always equal. */
export interface TensorType {
  readonly dtype: string;
  readonly dims: readonly (number | string)[];
}

/** By name of the tensor. */
export type TensorTypes = Readonly<Record<string, TensorType>>;

/**
 * Declarations of tensors that go from stage to stage: as the file declares them, else as `types` says.
 * @returns a function that throws {BadInputError} `tensor-type-unknown`, and `dtype-unsupported` for types that do not
 *   travel, naming the tensor
 */
export const boundaryInfos = (graph: GraphProto, types: TensorTypes): ((name: string) => ValueInfoProto) => {
  const infos = [...graph.valueInfo, ...graph.output, ...graph.input];
  const declared = new Map(infos.filter(isTyped).map((info) => [info.name, info] as const));
  return (name) => {
    const info = declared.get(name);
    if (info) return assertTravels(info);
    const type = Object.hasOwn(types, name) ? types[name] : undefined;
    if (type) return valueInfo(name, type);
    throw new BadInputError('tensor-type-unknown', `the file does not declare the type of '${name.slice(0, 200)}'`, {
      next: 'give its dtype and dims with its name',
      details: { tensor: name },
    });
  };
};

/** A shape alone, without an element type, declares nothing. */
const isTyped = ({ type }: ValueInfoProto): boolean => type !== undefined && type.tensorType?.elemType !== 0;

const unsupported = (name: string, dtype: string): BadInputError => {
  const allowed = Object.keys(ELEMENT_TYPES);
  return new BadInputError(
    'dtype-unsupported',
    `tensor '${name.slice(0, 200)}' of type ${dtype.slice(0, 40)} does not travel; these types do: ${allowed.join(', ')}`,
    { next: 'cut elsewhere', details: { tensor: name, dtype, allowed } },
  );
};

const assertTravels = (info: ValueInfoProto): ValueInfoProto => {
  const dtype = info.type?.tensorType ? elementTypeOf(info.type.tensorType.elemType).name : 'sequence, map or optional';
  if (!isElementType(dtype)) throw unsupported(info.name, dtype);
  return info;
};

/** @throws {BadInputError} `dtype-unsupported` for an output of the model whose declared type does not travel */
export const assertOutputsTravel = ({ output }: GraphProto): void => {
  for (const info of output) if (isTyped(info)) assertTravels(info);
};

const valueInfo = (name: string, { dtype, dims }: TensorType): ValueInfoProto => {
  if (!isElementType(dtype)) throw unsupported(name, dtype);
  return create(ValueInfoProtoSchema, {
    name,
    type: {
      tensorType: {
        elemType: ELEMENT_TYPES[dtype].code,
        shape: { dim: dims.map((d) => (typeof d === 'number' ? { dimValue: String(d) } : { dimParam: d })) },
      },
    },
  });
};
