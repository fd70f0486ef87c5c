import { concat, equalBytes } from '../../protocol/encoding.ts';
import { leafHash, merklePath } from '../../protocol/merkle.ts';
import { sha256 } from '../../protocol/sha2.ts';

/**
 * Inclusion of a transaction and of its result in a block (CometBFT spec, core/data_structures.md: data_hash is the Merkle
 * root over SHA-256 of each transaction, types/tx.go Txs.Hash; last_results_hash of the next header the one over the
 * results, types/results.go NewResults).
 *
 * A proof names the sides of the siblings instead of (index, total): a root commits to the sides but not to the total, so
 * a total could be changed unnoticed. A block has one result per transaction, so both trees have the same shape and the
 * same sides mean the same place: this is what ties a result to its transaction. Sides are a text with one letter for each
 * step from the leaf up: 'l' when the sibling is on the left, else 'r'.
 */
/** Trees deeper than this would need more than 2^20 transactions in one block. */
export const MAX_DEPTH = 20;

const NODE = Uint8Array.of(1);

/** The leaf of a transaction under data_hash: its SHA-256, which is also its id. */
export const txId = (tx: Uint8Array): Uint8Array => sha256(tx);

/** Sides of the siblings of leaf `index` of `total`, from the leaf up (splits as RFC 6962 section 2.1). */
export const sidesOf = (index: number, total: number): string => {
  if (!(Number.isInteger(index) && index >= 0 && index < total)) throw new RangeError(`leaf ${index} of ${total}`);
  if (total === 1) return '';
  const split = 2 ** Math.floor(Math.log2(total - 1));
  return index < split ? `${sidesOf(index, split)}r` : `${sidesOf(index - split, total - split)}l`;
};

/** The siblings of leaf `index`, from the leaf up. */
export const siblings = (leaves: readonly Uint8Array[], index: number): Uint8Array[] => merklePath(leaves, index);

/** Whether `leaf` lies at this place under `root`. Never throws on hostile input. */
export const isIncluded = (root: Uint8Array, leaf: Uint8Array, sides: string, path: readonly Uint8Array[]): boolean => {
  if (path.length !== sides.length || path.length > MAX_DEPTH) return false;
  const climbed = path.reduce(
    (hash, sibling, i) => sha256(concat(sides[i] === 'l' ? [NODE, sibling, hash] : [NODE, hash, sibling])),
    leafHash(leaf),
  );
  return equalBytes(climbed, root);
};

/** Sorts places of one tree in the order of its leaves. @returns negative when `a` comes first */
export const comparePlaces = (a: string, b: string): number => {
  // From the root down; a sibling on the right means that the leaf is in the left half.
  const down = (sides: string): string =>
    [...sides]
      .reverse()
      .map((side) => (side === 'r' ? '0' : '1'))
      .join('');
  return down(a) < down(b) ? -1 : down(a) > down(b) ? 1 : 0;
};
