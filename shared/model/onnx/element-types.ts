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
