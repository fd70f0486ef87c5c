import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { ELEMENT_TYPES, type ElementType } from '../element-types.ts';
import {
  type AttributeProto,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from '../onnx_pb.ts';

/** Builds small ONNX graphs for tests. */

/** AttributeProto.AttributeType (onnx.proto). */
const INT = 2;
const TENSOR = 4;
const GRAPH = 5;
const INTS = 7;

type Value = number | readonly number[] | TensorProto | GraphProto;

const attribute = ([name, value]: [string, Value]): AttributeProto => {
  if (typeof value === 'number') return create(AttributeProtoSchema, { name, i: String(value), type: INT });
  if (!('$typeName' in value)) return create(AttributeProtoSchema, { name, ints: value.map(String), type: INTS });
  if (value.$typeName === 'onnx.TensorProto') return create(AttributeProtoSchema, { name, t: value, type: TENSOR });
  return create(AttributeProtoSchema, { name, g: value, type: GRAPH });
};

export const node = (
  opType: string,
  input: string[],
  output: string | string[],
  attributes: Record<string, Value> = {},
): NodeProto =>
  create(NodeProtoSchema, {
    opType,
    input,
    output: [output].flat(),
    attribute: Object.entries(attributes).map(attribute),
  });

export const info = (
  name: string,
  dims: readonly (number | string)[] = [1],
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

/** An initialiser of these values. */
export const floats = (name: string, values: readonly number[], dims: readonly number[] = [values.length]) =>
  raw(name, 'float32', dims, new Uint8Array(Float32Array.from(values).buffer));
export const ints = (name: string, values: readonly number[], dims: readonly number[] = [values.length]) =>
  raw(name, 'int64', dims, new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer));
export const raw = (name: string, dtype: ElementType, dims: readonly number[], rawData: Uint8Array): TensorProto =>
  create(TensorProtoSchema, { name, dims: dims.map(String), dataType: ELEMENT_TYPES[dtype].code, rawData });

/** An initialiser of float32, all elements 0.5. */
export const weight = (name: string, dims: readonly number[]): TensorProto =>
  floats(
    name,
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => 0.5),
    dims,
  );

/** An initialiser whose data lie in another file. */
export const elsewhere = (tensor: TensorProto, entries: Record<string, string>): TensorProto =>
  create(TensorProtoSchema, {
    name: tensor.name,
    dims: tensor.dims,
    dataType: tensor.dataType,
    dataLocation: 1,
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
  });

export const graph = (lists: MessageInitShape<typeof GraphProtoSchema>): GraphProto =>
  create(GraphProtoSchema, { name: 'g', ...lists });

export const onnxFile = (
  lists: MessageInitShape<typeof GraphProtoSchema>,
  { irVersion = '8', opsets = { '': 13 } }: { irVersion?: string; opsets?: Record<string, number> } = {},
): Uint8Array =>
  toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion,
      producerName: 'quorate tests',
      opsetImport: Object.entries(opsets).map(([domain, version]) => ({ domain, version: String(version) })),
      graph: graph(lists),
    }),
  );
