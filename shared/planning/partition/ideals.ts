import type { FlatGraph } from './flat.ts';

/**
 * All sets of nodes that hold the producers of what they read (downward-closed sets), numbered from the empty one by
 * size. A stage of a partition is the difference of two of them.
 */
export interface Ideals {
  readonly count: number;
  readonly has: (ideal: number, node: number) => boolean;
  /** What may follow ideal i, by node ascending: `nextNode[e]` added gives `nextIdeal[e]`, e from `nextStart[i]` on. */
  readonly nextStart: Int32Array;
  readonly nextNode: Int32Array;
  readonly nextIdeal: Int32Array;
}

/**
 * Each ideal is made once, from the one without its largest node: the graph's order is topological, so that is an ideal
 * too, and no table of those seen is needed. Every other way to it is found by that same node.
 * @returns undefined if there are more than `limit`
 */
export const idealsOf = (flat: FlatGraph, limit: number): Ideals | undefined => {
  const { n, reads, producer, makes, consumers } = flat;
  const words = (n + 31) >> 5;
  /** A bit set of nodes for each ideal, `words` numbers long. */
  let bits = new Uint32Array(words * 1024);
  const has = (ideal: number, node: number): boolean =>
    ((bits[ideal * words + (node >> 5)] ?? 0) & (1 << (node & 31))) !== 0;
  const parent = [-1];
  const largest = [-1];
  const open: number[][] = [sourcesOf(flat)];
  const targets: number[][] = [];

  const mayFollow = (ideal: number, node: number): boolean => {
    for (let e = reads.start[node] ?? 0; e < (reads.start[node + 1] ?? 0); e += 1) {
      const made = producer[reads.items[e] ?? 0] ?? -1;
      if (made >= 0 && !has(ideal, made)) return false;
    }
    return true;
  };
  const openAfter = (ideal: number, added: number, before: readonly number[]): number[] => {
    const fresh = new Set<number>();
    for (let m = makes.start[added] ?? 0; m < (makes.start[added + 1] ?? 0); m += 1) {
      const tensor = makes.items[m] ?? 0;
      for (let e = consumers.start[tensor] ?? 0; e < (consumers.start[tensor + 1] ?? 0); e += 1) {
        const reader = consumers.items[e] ?? 0;
        if (!fresh.has(reader) && mayFollow(ideal, reader)) fresh.add(reader);
      }
    }
    return [...before.filter((node) => node !== added), ...fresh].sort((a, b) => a - b);
  };
  const make = (from: number, node: number): number => {
    const ideal = parent.length;
    if ((ideal + 1) * words > bits.length) {
      const larger = new Uint32Array(bits.length * 2);
      larger.set(bits);
      bits = larger;
    }
    bits.copyWithin(ideal * words, from * words, (from + 1) * words);
    const word = ideal * words + (node >> 5);
    bits[word] = (bits[word] ?? 0) | (1 << (node & 31));
    parent.push(from);
    largest.push(node);
    open.push(openAfter(ideal, node, open[from] ?? []));
    return ideal;
  };
  const after = (ideal: number, node: number): number => targets[ideal]?.[open[ideal]?.indexOf(node) ?? -1] ?? -1;

  for (let first = 0; first < parent.length; ) {
    const end = parent.length;
    for (let ideal = first; ideal < end; ideal += 1) {
      targets[ideal] = (open[ideal] ?? []).map((node) => (node > (largest[ideal] ?? -1) ? make(ideal, node) : -1));
      if (parent.length > limit) return undefined;
    }
    for (let ideal = first; ideal < end; ideal += 1) {
      const [from, last] = [parent[ideal] ?? -1, largest[ideal] ?? -1];
      targets[ideal] = (open[ideal] ?? []).map((node, at) =>
        node > last ? (targets[ideal]?.[at] ?? -1) : after(after(from, node), last),
      );
    }
    first = end;
  }
  const nextStart = new Int32Array(parent.length + 1);
  open.forEach((nodes, ideal) => {
    nextStart[ideal + 1] = (nextStart[ideal] ?? 0) + nodes.length;
  });
  const [nextNode, nextIdeal] = [Int32Array.from(open.flat()), Int32Array.from(targets.flat())];
  return { count: parent.length, has, nextStart, nextNode, nextIdeal };
};

const sourcesOf = ({ n, reads, producer }: FlatGraph): number[] =>
  Array.from({ length: n }, (_, node) => node).filter((node) =>
    reads.items.subarray(reads.start[node], reads.start[node + 1]).every((tensor) => producer[tensor] === -1),
  );
