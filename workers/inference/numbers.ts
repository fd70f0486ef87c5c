import { BadInputError } from '../../shared/errors.ts';
import { ELEMENT_TYPES, isElementType } from '../../shared/model/onnx/element-types.ts';
import { aligned } from '../../shared/model/tensors.ts';
import type { TensorBytes } from '../../shared/protocol/digest.ts';

/** Typed arrays as the runtime takes them; float16 as its bits. */
const VIEWS = {
  float32: Float32Array,
  float64: Float64Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
  float16: Uint16Array,
} as const;

/** The tensor's data as a typed array over the same bytes. @throws {BadInputError} `run-failed` for unknown types */
export const viewOf = ({ dtype, data }: TensorBytes): InstanceType<(typeof VIEWS)[keyof typeof VIEWS]> => {
  if (!isElementType(dtype)) {
    throw new BadInputError('run-failed', `a tensor of type '${dtype.slice(0, 40)}' is of no known type`, {
      next: "correct the manifest's codecs",
    });
  }
  const { bytes } = ELEMENT_TYPES[dtype];
  const start = aligned(data, bytes);
  return new VIEWS[dtype](start.buffer as ArrayBuffer, start.byteOffset, start.length / bytes);
};

/** The tensor's numbers; integers beyond 2^53 are rounded. */
export const numbersOf = (tensor: TensorBytes): Float64Array => {
  const view = viewOf(tensor);
  if (tensor.dtype === 'float16')
    return Float64Array.from(new Float16Array(view.buffer as ArrayBuffer, view.byteOffset, view.length));
  return Float64Array.from(view as ArrayLike<number | bigint>, Number);
};
