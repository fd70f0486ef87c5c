import { createHash } from 'node:crypto';
import { leafHash, merklePath } from '../../../../shared/protocol/merkle.ts';

/** CometBFT v0.38 crypto/merkle is RFC 6962's tree: HashFromByteSlices. */
export { merkleRoot } from '../../../../shared/protocol/merkle.ts';

/** SHA-256; CometBFT's tmhash.Sum. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return Uint8Array.from(hash.digest());
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
  const aunts = merklePath(leaves, index);
  return { total: leaves.length, index, leafHash: leafHash(leaves[index] ?? new Uint8Array()), aunts };
}
