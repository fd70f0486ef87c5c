/**
 * ONNX element types by name: numbers of TensorProto.DataType (onnx.proto), names as onnxruntime gives them.
 * Only types of a fixed width in bytes; strings and 4-bit types do not travel between stages.
 */
export const ELEMENT_TYPES = {
  float32: { code: 1, bytes: 4 },
  uint8: { code: 2, bytes: 1 },
  int8: { code: 3, bytes: 1 },
  uint16: { code: 4, bytes: 2 },
  int16: { code: 5, bytes: 2 },
  int32: { code: 6, bytes: 4 },
  int64: { code: 7, bytes: 8 },
  bool: { code: 9, bytes: 1 },
  float16: { code: 10, bytes: 2 },
  float64: { code: 11, bytes: 8 },
  uint32: { code: 12, bytes: 4 },
  uint64: { code: 13, bytes: 8 },
} as const satisfies Record<string, { code: number; bytes: number }>;

export type ElementType = keyof typeof ELEMENT_TYPES;

export const isElementType = (name: string): name is ElementType => Object.hasOwn(ELEMENT_TYPES, name);

/** Types that weights may have but that do not travel: code, name, bits of one element (onnx.proto). */
const OTHER_TYPES = [
  [8, 'string', undefined],
  [14, 'complex64', 64],
  [15, 'complex128', 128],
  [16, 'bfloat16', 16],
  [17, 'float8e4m3fn', 8],
  [18, 'float8e4m3fnuz', 8],
  [19, 'float8e5m2', 8],
  [20, 'float8e5m2fnuz', 8],
  [21, 'uint4', 4],
  [22, 'int4', 4],
  [23, 'float4e2m1', 4],
  [24, 'float8e8m0', 8],
  [25, 'uint2', 2],
  [26, 'int2', 2],
] as const;

interface TypeOfCode {
  readonly name: string;
  readonly bits: number | undefined;
}

const BY_CODE: ReadonlyMap<number, TypeOfCode> = new Map<number, TypeOfCode>([
  ...Object.entries(ELEMENT_TYPES).map(([name, { code, bytes }]) => [code, { name, bits: 8 * bytes }] as const),
  ...OTHER_TYPES.map(([code, name, bits]) => [code, { name, bits }] as const),
]);

/** Name of a TensorProto.DataType and the bits of one element, undefined where they have no fixed width. */
export const elementTypeOf = (code: number): TypeOfCode =>
  BY_CODE.get(code) ?? { name: `type ${code}`, bits: undefined };
