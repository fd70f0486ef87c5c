import type { FlatGraph } from './flat.ts';
import type { Terms } from './terms.ts';

/** A stage that grows node by node, and shrinks again, with its cost at hand: O(tensors of the node) a step. */
export interface Growth {
  /** An empty stage, after the stages that hold the nodes for which `isBefore`. */
  readonly begin: (isBefore: (node: number) => boolean) => void;
  /** Nodes come in the order in which they run: ascending, after all those that they read from. */
  readonly add: (node: number) => void;
  /** Takes back the last node added. */
  readonly remove: (node: number) => void;
  /** Work and incoming transfers: no node added later makes it less. */
  readonly leastMs: () => number;
  readonly costMs: (isLast: boolean) => number;
  /** Weights and peak activations: no node added later makes it less. */
  readonly needsBytes: () => number;
}

export const openGrowth = (flat: FlatGraph, { bytesPerMs, transfers }: Terms): Growth => {
  const { n, timeMs, producer, sizeBytes, isOutput, consumers, reads, makes, weights } = flat;
  const isDirect = transfers === 'direct';
  const tensorMs = sizeBytes.map((size) => (isDirect ? size / bytesPerMs : 0));
  const inside = new Uint8Array(n);
  /** Of each tensor: readers that are in no stage yet, readers in this stage; of each weight: users in this stage. */
  const left = new Int32Array(sizeBytes.length);
  const readInside = new Int32Array(sizeBytes.length);
  const usedInside = new Int32Array(flat.weightBytes.length);
  /** Sums by number of nodes in the stage: to remove one is to look at the entry before. */
  const [work, incoming, outgoing] = [new Float64Array(n + 1), new Float64Array(n + 1), new Float64Array(n + 1)];
  const [weight, alive, peak] = [new Float64Array(n + 1), new Float64Array(n + 1), new Float64Array(n + 1)];
  let size = 0;

  const begin = (isBefore: (node: number) => boolean): void => {
    size = 0;
    let aliveBytes = 0;
    let isFirst = true;
    for (let node = 0; isFirst && node < n; node += 1) isFirst = !isBefore(node);
    for (let tensor = 0; tensor < left.length; tensor += 1) {
      let count = 0;
      for (let e = consumers.start[tensor] ?? 0; e < (consumers.start[tensor + 1] ?? 0); e += 1) {
        if (!isBefore(consumers.items[e] ?? 0)) count += 1;
      }
      left[tensor] = count;
      const made = producer[tensor] ?? -1;
      const isThere = made < 0 || isBefore(made);
      if (isThere && (count > 0 || isOutput[tensor] === 1)) aliveBytes += sizeBytes[tensor] ?? 0;
    }
    alive[0] = aliveBytes;
    incoming[0] = isDirect || isFirst ? 0 : aliveBytes / bytesPerMs;
  };

  const addMade = (v: number): void => {
    let [outMs, aliveBytes, dead] = [outgoing[size] ?? 0, alive[size] ?? 0, 0];
    for (let e = makes.start[v] ?? 0; e < (makes.start[v + 1] ?? 0); e += 1) {
      const tensor = makes.items[e] ?? 0;
      const bytes = sizeBytes[tensor] ?? 0;
      aliveBytes += bytes;
      if (left[tensor] !== 0) outMs += tensorMs[tensor] ?? 0;
      else if (isOutput[tensor] === 0) dead += bytes;
    }
    outgoing[size + 1] = outMs;
    peak[size + 1] = Math.max(size === 0 ? 0 : (peak[size] ?? 0), aliveBytes);
    alive[size + 1] = aliveBytes - dead;
  };

  const addReads = (v: number): void => {
    let [inMs, outMs, aliveBytes] = [incoming[size] ?? 0, outgoing[size + 1] ?? 0, alive[size + 1] ?? 0];
    for (let e = reads.start[v] ?? 0; e < (reads.start[v + 1] ?? 0); e += 1) {
      const tensor = reads.items[e] ?? 0;
      const made = producer[tensor] ?? -1;
      const isOurs = made >= 0 && inside[made] === 1;
      if (made >= 0 && !isOurs && readInside[tensor] === 0) inMs += tensorMs[tensor] ?? 0;
      readInside[tensor] = (readInside[tensor] ?? 0) + 1;
      left[tensor] = (left[tensor] ?? 0) - 1;
      if (left[tensor] !== 0) continue;
      if (isOurs) outMs -= tensorMs[tensor] ?? 0;
      if (isOutput[tensor] === 0) aliveBytes -= sizeBytes[tensor] ?? 0;
    }
    incoming[size + 1] = inMs;
    outgoing[size + 1] = outMs;
    alive[size + 1] = aliveBytes;
  };

  const add = (v: number): void => {
    inside[v] = 1;
    work[size + 1] = (work[size] ?? 0) + (timeMs[v] ?? 0);
    addMade(v);
    addReads(v);
    let bytes = weight[size] ?? 0;
    for (let e = weights.start[v] ?? 0; e < (weights.start[v + 1] ?? 0); e += 1) {
      const at = weights.items[e] ?? 0;
      if (usedInside[at] === 0) bytes += flat.weightBytes[at] ?? 0;
      usedInside[at] = (usedInside[at] ?? 0) + 1;
    }
    weight[size + 1] = bytes;
    size += 1;
  };

  const remove = (v: number): void => {
    inside[v] = 0;
    for (let e = reads.start[v] ?? 0; e < (reads.start[v + 1] ?? 0); e += 1) {
      const tensor = reads.items[e] ?? 0;
      readInside[tensor] = (readInside[tensor] ?? 0) - 1;
      left[tensor] = (left[tensor] ?? 0) + 1;
    }
    for (let e = weights.start[v] ?? 0; e < (weights.start[v + 1] ?? 0); e += 1) {
      const at = weights.items[e] ?? 0;
      usedInside[at] = (usedInside[at] ?? 0) - 1;
    }
    size -= 1;
  };

  const leastMs = (): number => (work[size] ?? 0) + (incoming[size] ?? 0);
  return {
    begin,
    add,
    remove,
    leastMs,
    costMs: (isLast) => {
      const outMs = isDirect ? (outgoing[size] ?? 0) : (alive[size] ?? 0) / bytesPerMs;
      return leastMs() + (isLast ? 0 : outMs);
    },
    needsBytes: () => (weight[size] ?? 0) + (peak[size] ?? 0),
  };
};
