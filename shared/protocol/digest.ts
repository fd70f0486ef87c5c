import { concat, frame, u32, utf8 } from './encoding.ts';
import { merkleRoot } from './merkle.ts';

/** Result digests of docs/protocol.md section 1: Merkle roots over canonical chunks, so that one chunk can be proved alone. */

export const CHUNK_BYTES = 65_536;
const CHUNK_TOKENS = 32;
const TAG = 'quorate/result/v1';

export interface TensorBytes {
  /** ONNX element type in lower case: 'float32', 'int64', 'uint8' ... */
  readonly dtype: string;
  readonly dims: readonly number[];
  /** Little-endian elements, row-major. */
  readonly data: Uint8Array;
}

const chunks = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.max(1, Math.ceil(bytes.length / size)) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );

/** Leaves of a raw result; leaf i proves chunk i. */
export const rawLeaves = (bytes: Uint8Array): Uint8Array[] =>
  chunks(bytes, CHUNK_BYTES).map((chunk) => frame(TAG, [utf8('raw'), chunk]));

/** 32 bytes. */
export const rawDigest = (bytes: Uint8Array): Uint8Array => merkleRoot(rawLeaves(bytes));

/** 32 bytes; token ids are u32. */
export const tokensDigest = (ids: readonly number[]): Uint8Array =>
  merkleRoot(chunks(concat(ids.map(u32)), 4 * CHUNK_TOKENS).map((chunk) => frame(TAG, [utf8('tokens'), chunk])));

/** 32 bytes; order of the tensors counts. */
export const tensorsDigest = (tensors: readonly TensorBytes[]): Uint8Array =>
  merkleRoot(
    tensors.flatMap(({ dtype, dims, data }) => [
      frame(TAG, [utf8('tensor'), utf8(dtype), concat(dims.map(u32))]),
      ...chunks(data, CHUNK_BYTES).map((chunk) => frame(TAG, [utf8('data'), chunk])),
    ]),
  );
