import { create, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { ELEMENT_TYPES, type ElementType } from '../onnx/element-types.ts';
import {
  type AttributeProto,
  AttributeProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from '../onnx/onnx_pb.ts';

/** Small ONNX models for tests. */
export const node = (
  opType: string,
  input: string[],
  output: string | string[],
  attributes: Readonly<Record<string, number | readonly number[] | TensorProto>> = {},
): NodeProto =>
  create(NodeProtoSchema, {
    opType,
    input,
    output: [output].flat(),
    attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
  });

/** Numbers of AttributeProto.AttributeType and the field of its whole numbers (onnx.proto). */
const [INT, TENSOR, INTS] = [2, 4, 7];
const INTS_FIELD = 8;

const attribute = (name: string, value: number | readonly number[] | TensorProto): AttributeProto => {
  if (typeof value === 'number') return create(AttributeProtoSchema, { name, i: String(value), type: INT });
  if ('$typeName' in value) return create(AttributeProtoSchema, { name, t: value, type: TENSOR });
  const made = create(AttributeProtoSchema, { name, type: INTS });
  made.$unknown = value.map((int) => ({
    no: INTS_FIELD,
    wireType: WireType.Varint,
    data: new BinaryWriter().int64(int).finish(),
  }));
  return made;
};

export const info = (
  name: string,
  dims: readonly (number | string)[],
  dtype: ElementType = 'float32',
): ValueInfoProto =>
  create(ValueInfoProtoSchema, {
    name,
    type: {
      tensorType: {
        elemType: ELEMENT_TYPES[dtype].code,
        shape: { dim: dims.map((d) => (typeof d === 'number' ? { dimValue: String(d) } : { dimParam: d })) },
      },
    },
  });

/** float32, all elements 0.5. */
export const weight = (name: string, dims: readonly number[]): TensorProto =>
  create(TensorProtoSchema, {
    name,
    dims: dims.map(String),
    dataType: ELEMENT_TYPES.float32.code,
    rawData: new Uint8Array(new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(0.5).buffer),
  });

export const onnx = (graph: {
  readonly node: NodeProto[];
  readonly initializer?: TensorProto[];
  readonly input: ValueInfoProto[];
  readonly output: ValueInfoProto[];
  readonly valueInfo?: ValueInfoProto[];
}): Uint8Array =>
  toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: '8',
      opsetImport: [{ domain: '', version: '13' }],
      graph: { name: 'test', initializer: [], valueInfo: [], ...graph },
    }),
  );
