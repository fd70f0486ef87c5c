import type { TensorBytes } from '../../protocol/digest.ts';
import { type TensorBundle, tensorsDamaged } from '../tensors.ts';
import { decodeHalf, encodeHalf } from './fp16.ts';
import { BLOCK_VALUES, decodeBlocks, encodeBlocks } from './int8-blocks.ts';

/** How activations travel from a stage to the next, where not as they are; named in the manifest. */
export const TRANSFERS = ['fp16/v1', 'int8-blocks/v1'] as const;
export type Transfer = (typeof TRANSFERS)[number];

interface TensorCoder {
  /** undefined for a tensor that travels as it is. */
  encode(tensor: TensorBytes): readonly TensorBytes[] | undefined;
  decode(parts: readonly TensorBytes[]): TensorBytes;
  /** Tensors that one becomes. */
  readonly width: number;
}

const CODERS: Readonly<Record<Transfer, TensorCoder>> = {
  'fp16/v1': { encode: encodeHalf, decode: decodeHalf, width: 1 },
  'int8-blocks/v1': { encode: encodeBlocks, decode: decodeBlocks, width: 4 },
};

const AS_IS = 0;
const CODED = 1;

/**
 * The bundle as it is sent: first a uint8 tensor that says of each tensor whether it is coded (1) or as it is (0), then
 * each of them or what it became. float32 tensors of a block ({@link BLOCK_VALUES}) or more are coded: by `fp16/v1`
 * unless a finite value would overflow, by `int8-blocks/v1` unless so much of it is outliers that nothing is saved.
 * The same bundle gives the same bytes on every machine. Data without coding are views of the bundle's.
 */
export const encodeTransfer = (transfer: Transfer, bundle: TensorBundle): TensorBundle => {
  const { encode } = CODERS[transfer];
  const parts = bundle.map((tensor) => (mayCode(tensor) ? encode(tensor) : undefined));
  const kinds = Uint8Array.from(parts, (part) => (part ? CODED : AS_IS));
  const head: TensorBytes = { dtype: 'uint8', dims: [kinds.length], data: kinds };
  return [head, ...bundle.flatMap((tensor, i) => parts[i] ?? [tensor])];
};

/**
 * Reverse of {@link encodeTransfer}, as exact as the coding is.
 * @throws {BadInputError} `tensors-damaged` when parts are missing, too many, or do not fit each other
 */
export const decodeTransfer = (transfer: Transfer, sent: TensorBundle): TensorBundle => {
  const [head, ...parts] = sent;
  if (head?.dtype !== 'uint8' || head.dims.length !== 1) {
    throw tensorsDamaged(`expected a list of which tensors are coded; received ${head?.dtype ?? 'nothing'}`);
  }
  const { decode, width } = CODERS[transfer];
  let at = 0;
  const bundle = Array.from(head.data, (kind, index) => {
    if (kind > CODED) throw tensorsDamaged(`tensor ${index} is said to be of kind ${kind}; kinds are 0 and 1`);
    const own = parts.slice(at, at + (kind === CODED ? width : 1));
    at += own.length;
    const [first] = own;
    if (!first) throw tensorsDamaged(`tensor ${index} of ${head.data.length} is not there`);
    return kind === CODED ? decode(own) : first;
  });
  if (at !== parts.length) throw tensorsDamaged(`${parts.length - at} tensors too many`);
  return bundle;
};

const mayCode = ({ dtype, data }: TensorBytes): boolean => dtype === 'float32' && data.length >= 4 * BLOCK_VALUES;
