import { createHash } from 'node:crypto';

const LEAF_PREFIX = Uint8Array.of(0);
const INNER_PREFIX = Uint8Array.of(1);

/** SHA-256; CometBFT's tmhash.Sum. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return Uint8Array.from(hash.digest());
}

/** The leaf hash of RFC 6962 section 2.1: SHA-256(0x00 || leaf). */
export function leafHash(leaf: Uint8Array): Uint8Array {
  return sha256(LEAF_PREFIX, leaf);
}

function innerHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(INNER_PREFIX, left, right);
}

/** The largest power of two strictly below `length` (RFC 6962's k); `length` is at least 2. */
function splitPoint(length: number): number {
  let k = 1;
  while (k * 2 < length) k *= 2;
  return k;
}

/**
 * Merkle tree hash of RFC 6962 section 2.1 over `leaves`, as CometBFT v0.38 crypto/merkle HashFromByteSlices: the root of
 * no leaves is SHA-256 of the empty string. 32 bytes.
 */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  return rootOfHashes(leaves.map(leafHash));
}

function rootOfHashes(hashes: readonly Uint8Array[]): Uint8Array {
  const [first] = hashes;
  if (first === undefined) return sha256();
  if (hashes.length === 1) return first;
  const k = splitPoint(hashes.length);
  return innerHash(rootOfHashes(hashes.slice(0, k)), rootOfHashes(hashes.slice(k)));
}

/** Proof that a leaf stands at `index` of `total`; `aunts` run from the leaf's sibling to a child of the root. */
export interface MerkleProof {
  readonly total: number;
  readonly index: number;
  readonly leafHash: Uint8Array;
  readonly aunts: readonly Uint8Array[];
}

/** Inclusion proof of `leaves[index]`, as CometBFT's ProofsFromByteSlices. Throws RangeError if there is no such leaf. */
export function merkleProof(leaves: readonly Uint8Array[], index: number): MerkleProof {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) {
    throw new RangeError(`no leaf ${index} among ${leaves.length}`);
  }
  const hashes = leaves.map(leafHash);
  const aunts: Uint8Array[] = [];
  let low = 0;
  let high = hashes.length;
  while (high - low > 1) {
    const middle = low + splitPoint(high - low);
    const inLeft = index < middle;
    aunts.push(rootOfHashes(inLeft ? hashes.slice(middle, high) : hashes.slice(low, middle)));
    if (inLeft) high = middle;
    else low = middle;
  }
  return { total: leaves.length, index, leafHash: hashes[index] ?? sha256(), aunts: aunts.reverse() };
}

/** The root that a proof leads to, or undefined when the number of aunts does not fit (CometBFT computeHashFromAunts). */
export function rootFromProof(proof: MerkleProof): Uint8Array | undefined {
  return climb(proof.index, proof.total, proof.leafHash, proof.aunts);
}

function climb(index: number, total: number, leaf: Uint8Array, aunts: readonly Uint8Array[]): Uint8Array | undefined {
  if (index < 0 || index >= total || total <= 0) return undefined;
  if (total === 1) return aunts.length === 0 ? leaf : undefined;
  const aunt = aunts.at(-1);
  if (aunt === undefined) return undefined;
  const k = splitPoint(total);
  const rest = aunts.slice(0, -1);
  const child = index < k ? climb(index, k, leaf, rest) : climb(index - k, total - k, leaf, rest);
  if (child === undefined) return undefined;
  return index < k ? innerHash(child, aunt) : innerHash(aunt, child);
}
