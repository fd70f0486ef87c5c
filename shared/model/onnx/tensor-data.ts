import { ELEMENT_TYPES, elementTypeOf } from './element-types.ts';
import { changed, invalidModel } from './model-file.ts';
import { type TensorProto, TensorProtoSchema } from './onnx_pb.ts';

/** TensorProto.DataLocation EXTERNAL (onnx.proto). */
const EXTERNAL = 1;

export const isExternal = (tensor: TensorProto): boolean => tensor.dataLocation === EXTERNAL;

const damaged = (tensor: TensorProto, what: string): Error => {
  const name = tensor.name.slice(0, 200);
  const type = elementTypeOf(tensor.dataType).name;
  const dims = tensor.dims.slice(0, 8).join(',');
  return invalidModel('tensor-damaged', `tensor '${name}', ${type} [${dims}], ${what}`, { tensor: name });
};

/**
 * Bytes that the tensor's type and dims claim; undefined for strings and for types that this version does not know.
 * Rows of 2-bit and 4-bit types are packed without gaps (onnx.proto, raw_data).
 * @throws {BadInputError} `tensor-damaged` for a negative or absurd dim
 */
export const claimedBytes = (tensor: TensorProto): number | undefined => {
  const { bits } = elementTypeOf(tensor.dataType);
  if (bits === undefined) return;
  const elements = tensor.dims.reduce((product, dim) => product * Number(dim), 1);
  if (tensor.dims.some((dim) => dim.startsWith('-')) || !Number.isSafeInteger(elements * bits)) {
    throw damaged(tensor, 'has no possible size');
  }
  return Math.ceil((elements * bits) / 8);
};

/**
 * The tensor with its data in `raw_data`, little-endian, as onnx.proto allows for all types but strings; unchanged when
 * it is so already, when its data lie in another file, and for strings. The machine must be little-endian, as all that
 * onnxruntime supports are.
 * @throws {BadInputError} `tensor-damaged` when there are more or fewer data than its type and dims claim
 */
export const withRawData = (tensor: TensorProto): TensorProto => {
  const claimed = claimedBytes(tensor);
  if (claimed === undefined || isExternal(tensor)) return tensor;
  const rawData = tensor.rawData.length > 0 ? tensor.rawData : typedData(tensor);
  if (rawData.length !== claimed) throw damaged(tensor, `has ${claimed} bytes; received ${rawData.length}`);
  if (rawData === tensor.rawData) return tensor;
  const none = { floatData: [], int32Data: [], int64Data: [], doubleData: [], uint64Data: [] };
  return changed(TensorProtoSchema, tensor, { ...none, rawData });
};

const bytesOf = ({ buffer }: { buffer: ArrayBuffer }): Uint8Array => new Uint8Array(buffer);

/** Which field holds which type: comments of TensorProto in onnx.proto. Typed arrays wrap negative numbers. */
const typedData = (tensor: TensorProto): Uint8Array => {
  const { float32, float64, int64, uint64, uint32, int32 } = ELEMENT_TYPES;
  const { name, bits = 0 } = elementTypeOf(tensor.dataType);
  switch (tensor.dataType) {
    case int64.code:
      return bytesOf(BigInt64Array.from(tensor.int64Data));
    case uint64.code:
      return bytesOf(BigUint64Array.from(tensor.uint64Data));
    case uint32.code:
      return bytesOf(Uint32Array.from(tensor.uint64Data, (value) => Number(BigInt.asUintN(32, value))));
    case int32.code:
      return bytesOf(Int32Array.from(tensor.int32Data));
    case float32.code:
      return bytesOf(Uint32Array.from(tensor.floatData));
    case float64.code:
      return bytesOf(BigUint64Array.from(tensor.doubleData));
  }
  if (name === 'complex64') return bytesOf(Uint32Array.from(tensor.floatData));
  if (name === 'complex128') return bytesOf(BigUint64Array.from(tensor.doubleData));
  return bits === 16 ? bytesOf(Uint16Array.from(tensor.int32Data)) : Uint8Array.from(tensor.int32Data);
};
