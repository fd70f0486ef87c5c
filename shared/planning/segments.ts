import type { Transfers, WorkGraph } from './graph.ts';

/**
 * What each run of consecutive nodes of one order would cost as a stage. Entry `l * n + r` is for positions l to r,
 * both included (r >= l).
 */
export interface Segments {
  readonly n: number;
  /** Prefix sums: positions l to r take `workMs[r + 1] - workMs[l]` on a machine of speed 1. */
  readonly workMs: Float64Array;
  readonly inBytes: Float64Array;
  readonly outBytes: Float64Array;
  /** A weight counts once, however many nodes of the segment use it. */
  readonly weightBytes: Float64Array;
  /** Most bytes of activations alive at once while its nodes run in this order, those that pass by included. */
  readonly peakBytes: Float64Array;
}

interface Uses {
  readonly sizeBytes: number;
  /** Position that made it, -1 for what is given from outside. */
  readonly from: number;
  /** Positions that read it, ascending; n stands for the asker, who reads the model's outputs. */
  readonly at: readonly number[];
}

/**
 * All segments of one topological order, by sweeping r for each l: O(n^2 + n * uses) (sharding.md 1.2).
 * @param order positions to nodes: a permutation in which producers come before consumers
 */
export const segmentsOf = (graph: WorkGraph, order: readonly number[], transfers: Transfers): Segments => {
  const n = order.length;
  const position = new Int32Array(n);
  order.forEach((node, at) => {
    position[node] = at;
  });
  const usesAt = (users: readonly number[]): number[] => users.map((u) => position[u] ?? 0).sort((a, b) => a - b);
  const tensors: Uses[] = graph.tensors.map(({ sizeBytes, producer, consumers, isOutput }) => ({
    sizeBytes,
    from: producer === undefined ? -1 : (position[producer] ?? 0),
    at: [...usesAt(consumers), ...(isOutput ? [n] : [])],
  }));
  const weights: Uses[] = graph.weights.map(({ sizeBytes, users }) => ({ sizeBytes, from: -1, at: usesAt(users) }));

  const workMs = new Float64Array(n + 1);
  order.forEach((node, at) => {
    workMs[at + 1] = (workMs[at] ?? 0) + (graph.nodes[node]?.timeMs ?? 0);
  });
  const across = boundaryBytes(tensors, n);
  const [inBytes, outBytes] = transfers === 'direct' ? direct(tensors, n) : relayed(across, n);
  return { n, workMs, inBytes, outBytes, weightBytes: firstUses(weights, n), peakBytes: peaks(tensors, n) };
};

/** Bytes alive between positions b - 1 and b. */
const boundaryBytes = (tensors: readonly Uses[], n: number): Float64Array => {
  const change = new Float64Array(n + 2);
  for (const { sizeBytes, from, at } of tensors) {
    const last = at.at(-1);
    if (last === undefined) continue;
    add(change, from + 1, sizeBytes);
    add(change, last + 1, -sizeBytes);
  }
  for (let b = 1; b < change.length; b += 1) add(change, b, change[b - 1] ?? 0);
  return change;
};

const add = (array: Float64Array, at: number, value: number): void => {
  array[at] = (array[at] ?? 0) + value;
};

const relayed = (across: Float64Array, n: number): [Float64Array, Float64Array] => {
  const [inBytes, outBytes] = [new Float64Array(n * n), new Float64Array(n * n)];
  for (let l = 0; l < n; l += 1) {
    for (let r = l; r < n; r += 1) {
      inBytes[l * n + r] = l === 0 ? 0 : (across[l] ?? 0);
      outBytes[l * n + r] = r === n - 1 ? 0 : (across[r + 1] ?? 0);
    }
  }
  return [inBytes, outBytes];
};

/** Inputs and outputs of the model come from and go to the asker, whose link is not a stage's. */
const direct = (tensors: readonly Uses[], n: number): [Float64Array, Float64Array] => {
  const made = tensors
    .filter(({ from }) => from >= 0)
    .map(({ sizeBytes, from, at }) => ({ sizeBytes, from, at: at.filter((p) => p < n) }));
  const outBytes = new Float64Array(n * n);
  for (const { sizeBytes, from, at } of made) {
    const last = at.at(-1);
    if (last === undefined) continue;
    for (let l = 0; l <= from; l += 1) {
      add(outBytes, l * n + from, sizeBytes);
      add(outBytes, l * n + last, -sizeBytes);
    }
  }
  return [firstUses(made, n), summedOverR(outBytes, n)];
};

/** Sum over what is made before l and first used, from l on, no later than r. */
const firstUses = (uses: readonly Uses[], n: number): Float64Array => {
  const sums = new Float64Array(n * n);
  for (const { sizeBytes, from, at } of uses) {
    let before = from;
    for (const use of at) {
      for (let l = before + 1; l <= use; l += 1) add(sums, l * n + use, sizeBytes);
      before = use;
    }
  }
  return summedOverR(sums, n);
};

const summedOverR = (sums: Float64Array, n: number): Float64Array => {
  for (let l = 0; l < n; l += 1) {
    for (let r = l + 1; r < n; r += 1) add(sums, l * n + r, sums[l * n + r - 1] ?? 0);
  }
  return sums;
};

const peaks = (tensors: readonly Uses[], n: number): Float64Array => {
  const alive = new Float64Array(n + 1);
  for (const { sizeBytes, from, at } of tensors) {
    const last = at.at(-1) ?? from;
    if (last < 0) continue;
    add(alive, Math.max(0, from), sizeBytes);
    add(alive, Math.min(n, last + 1), -sizeBytes);
  }
  for (let p = 1; p < n; p += 1) add(alive, p, alive[p - 1] ?? 0);
  const most = new Float64Array(n * n);
  for (let l = 0; l < n; l += 1) {
    let peak = 0;
    for (let r = l; r < n; r += 1) {
      peak = Math.max(peak, alive[r] ?? 0);
      most[l * n + r] = peak;
    }
  }
  return most;
};
