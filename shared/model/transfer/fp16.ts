import type { TensorBytes } from '../../protocol/digest.ts';
import { aligned, asFloat32, float32Tensor, tensorsDamaged } from '../tensors.ts';

/** Bits of 65,520, the least float32 that rounds beyond the largest half, 65,504. */
const OVERFLOW_BITS = 0x47_7f_f0_00;
const INFINITY_BITS = 0x7f_80_00_00;
/** The only NaN that is sent: which one a conversion gives depends on the processor. */
const NAN_HALF = 0x7e_00;

/**
 * A float32 tensor in IEEE 754 binary16, rounded half to even; infinities and NaN stay what they are.
 * @returns undefined when a finite value would become infinite
 */
export const encodeHalf = (tensor: TensorBytes): readonly TensorBytes[] | undefined => {
  const values = asFloat32(tensor);
  const halves = new Float16Array(values);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  if (!fits(bits) && !canonicalise(bits, new Uint16Array(halves.buffer))) return undefined;
  return [{ dtype: 'float16', dims: tensor.dims, data: new Uint8Array(halves.buffer) }];
};

/** Reverse of {@link encodeHalf}, exact. @throws {BadInputError} `tensors-damaged` */
export const decodeHalf = ([tensor]: readonly TensorBytes[]): TensorBytes => {
  if (tensor?.dtype !== 'float16') {
    throw tensorsDamaged(`expected a float16 tensor, received ${tensor?.dtype ?? 'none'}`);
  }
  const data = aligned(tensor.data, 2);
  const halves = new Float16Array(data.buffer, data.byteOffset, data.length / 2);
  return float32Tensor(tensor.dims, new Float32Array(halves));
};

const fits = (bits: Uint32Array): boolean => {
  let largest = 0;
  for (let i = 0; i < bits.length; i++) {
    const magnitude = (bits[i] as number) & 0x7f_ff_ff_ff;
    if (magnitude > largest) largest = magnitude;
  }
  return largest < OVERFLOW_BITS;
};

/** @returns false when a finite value became infinite */
const canonicalise = (bits: Uint32Array, halves: Uint16Array): boolean => {
  for (let i = 0; i < bits.length; i++) {
    const magnitude = (bits[i] as number) & 0x7f_ff_ff_ff;
    if (magnitude >= OVERFLOW_BITS && magnitude < INFINITY_BITS) return false;
    if (magnitude > INFINITY_BITS) halves[i] = NAN_HALF;
  }
  return true;
};
