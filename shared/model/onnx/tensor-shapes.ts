import type { ProfiledTensor } from '../profile.ts';
import { sparseName } from './dataflow.ts';
import { ELEMENT_TYPES, type ElementType, elementTypeOf, isElementType } from './element-types.ts';
import type { GraphProto, NodeProto, TensorProto, ValueInfoProto } from './onnx_pb.ts';

/** A tensor's type and whole shape. */
export interface TensorShape extends ProfiledTensor {
  readonly dims: readonly number[];
}

export type Shapes = ReadonlyMap<string, TensorShape>;

/** Undefined for types that do not travel: strings, 4-bit numbers, bfloat16. */
export const elementType = (code: number): ElementType | undefined => {
  const { name } = elementTypeOf(code);
  return isElementType(name) ? name : undefined;
};

export const shape = (dtype: ElementType, dims: readonly number[]): TensorShape => ({
  dtype,
  dims,
  sizeBytes: dims.reduce((product, dim) => product * dim, ELEMENT_TYPES[dtype].bytes),
});

/** Shapes that the file itself holds: initialisers, and `Constant` nodes that carry a tensor. */
export const weightShapes = (graph: GraphProto): Shapes =>
  new Map([
    ...graph.initializer.map((tensor) => [tensor.name, weightShape(tensor)] as const),
    ...graph.sparseInitializer.flatMap((t) => (t.values ? [[sparseName(t), weightShape(t.values)] as const] : [])),
    ...graph.node.flatMap((node) => {
      const tensor = constantTensor(node);
      return tensor ? [[node.output[0] ?? '', weightShape(tensor)] as const] : [];
    }),
  ]);

/** The tensor that a `Constant` node carries; other kinds of its value are not in our part of the schema. */
const constantTensor = (node: NodeProto): TensorProto | undefined =>
  node.opType === 'Constant' ? node.attribute.find((a) => a.name === 'value')?.t : undefined;

const weightShape = (tensor: TensorProto): TensorShape => {
  const dims = tensor.dims.map(Number);
  const dtype = elementType(tensor.dataType);
  return dtype ? shape(dtype, dims) : { dtype: `type-${tensor.dataType}`, dims, sizeBytes: tensor.rawData.length };
};

/**
 * Shapes that the file declares for what flows: inputs, `value_info` and outputs, those that are whole once free
 * dimensions have the sizes in `dims`.
 */
export const declaredShapes = (graph: GraphProto, dims: Readonly<Record<string, number>>): Shapes =>
  new Map(
    [...graph.input, ...graph.valueInfo, ...graph.output].flatMap((info) => {
      const found = declaredShape(info, dims);
      return found ? [[info.name, found] as const] : [];
    }),
  );

const declaredShape = (info: ValueInfoProto, sizes: Readonly<Record<string, number>>): TensorShape | undefined => {
  const type = info.type?.tensorType;
  const dtype = elementType(type?.elemType ?? 0);
  // A dimension that is not set reads as 0; some exporters write -1.
  const fixed = (value: string): number | undefined => (Number(value) > 0 ? Number(value) : undefined);
  const dims = type?.shape?.dim.map((d) => (d.dimParam ? sizes[d.dimParam] : fixed(d.dimValue)));
  return dtype && dims?.every((d) => d !== undefined) ? shape(dtype, dims) : undefined;
};
