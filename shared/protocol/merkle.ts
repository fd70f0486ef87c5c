import { concat, equalBytes } from './encoding.ts';
import { sha256 } from './sha2.ts';

/** Merkle trees of RFC 6962 section 2.1 over SHA-256, as CometBFT and result digests use them. */

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export const leafHash = (data: Uint8Array): Uint8Array => sha256(concat([LEAF, data]));
const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(concat([NODE, left, right]));

/** Largest power of two below `n`, for n > 1. */
const splitPoint = (n: number): number => 2 ** Math.floor(Math.log2(n - 1));

const subroot = (hashes: readonly Uint8Array[]): Uint8Array => {
  const [only] = hashes;
  if (only === undefined) return sha256(new Uint8Array());
  if (hashes.length === 1) return only;
  const at = splitPoint(hashes.length);
  return nodeHash(subroot(hashes.slice(0, at)), subroot(hashes.slice(at)));
};

/** Root over the leaves' data; `H("")` of an empty list. */
export const merkleRoot = (leaves: readonly Uint8Array[]): Uint8Array => subroot(leaves.map(leafHash));

/** Sibling hashes from the leaf up to the root. */
export const merklePath = (leaves: readonly Uint8Array[], index: number): Uint8Array[] => {
  const walk = (hashes: readonly Uint8Array[], i: number): Uint8Array[] => {
    if (hashes.length <= 1) return [];
    const at = splitPoint(hashes.length);
    const [left, right] = [hashes.slice(0, at), hashes.slice(at)];
    return i < at ? [...walk(left, i), subroot(right)] : [...walk(right, i - at), subroot(left)];
  };
  if (!(Number.isInteger(index) && index >= 0 && index < leaves.length)) {
    throw new RangeError(`leaf ${index} of ${leaves.length}`);
  }
  return walk(leaves.map(leafHash), index);
};

/** Whether `data` is leaf `index` of a tree of `total` leaves with this root. Never throws on hostile paths. */
export const merkleVerify = (
  root: Uint8Array,
  data: Uint8Array,
  index: number,
  total: number,
  path: readonly Uint8Array[],
): boolean => {
  const climb = (i: number, n: number, depth: number): Uint8Array | undefined => {
    if (n === 1) return depth === 0 ? leafHash(data) : undefined;
    const sibling = path[depth - 1];
    if (sibling === undefined) return undefined;
    const at = splitPoint(n);
    const inner = i < at ? climb(i, at, depth - 1) : climb(i - at, n - at, depth - 1);
    if (inner === undefined) return undefined;
    return i < at ? nodeHash(inner, sibling) : nodeHash(sibling, inner);
  };
  if (!(Number.isInteger(index) && Number.isInteger(total) && index >= 0 && index < total)) return false;
  const computed = climb(index, total, path.length);
  return computed !== undefined && equalBytes(computed, root);
};
