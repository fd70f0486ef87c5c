import type { FlatGraph } from './flat.ts';
import type { Terms } from './terms.ts';

/**
 * One topological order laid out so that the cost of positions l to r follows from a sweep of r. Arrays are overwritten
 * by each `lay`. Uses of position r are entries `useStart[r]` to `useStart[r + 1] - 1`.
 */
export interface Layout {
  readonly lay: (order: ArrayLike<number>) => void;
  /** Prefix sums, n + 1 long. */
  readonly workMs: Float64Array;
  readonly useStart: Int32Array;
  /** Position of the use of the same tensor before this one, its producer's for the first. */
  readonly usePrevious: Int32Array;
  /** Position of the producer if this is the tensor's last use, else -1. */
  readonly useLast: Int32Array;
  readonly useMs: Float64Array;
  /** Per position: time to send what it makes for others. */
  readonly madeMs: Float64Array;
  /** Per boundary, n + 1 long: time to hand on what crosses it; all 0 unless `relayed`. */
  readonly passMs: Float64Array;
  /** Per position: bytes of activations alive while it runs; 0 without a limit of memory. */
  readonly aliveBytes: Float64Array;
  readonly weightStart: Int32Array;
  /** Position of the use of the same weight before this one, -1 for the first. */
  readonly weightPrevious: Int32Array;
  readonly weightBytes: Float64Array;
}

/** Both ways of transfer in one form: `direct` has uses and nothing passes, `relayed` passes and has no uses. */
export const openLayout = (flat: FlatGraph, { bytesPerMs, transfers, memoryBytes }: Terms): Layout => {
  const { n, timeMs, producer, sizeBytes, isOutput, consumers, reads, makes, weights } = flat;
  const tensorCount = producer.length;
  const isDirect = transfers === 'direct';
  const limited = memoryBytes !== undefined;
  const workMs = new Float64Array(n + 1);
  const useStart = new Int32Array(n + 1);
  const usePrevious = new Int32Array(isDirect ? reads.items.length : 0);
  const useLast = new Int32Array(usePrevious.length);
  const useMs = new Float64Array(usePrevious.length);
  const madeMs = new Float64Array(n);
  const passMs = new Float64Array(n + 1);
  const aliveBytes = new Float64Array(n + 1);
  const weightStart = new Int32Array(n + 1);
  const weightPrevious = new Int32Array(limited ? weights.items.length : 0);
  const weightBytes = new Float64Array(weightPrevious.length);

  const madeAt = new Int32Array(tensorCount);
  const lastAt = new Int32Array(tensorCount);
  const left = new Int32Array(tensorCount);
  const weightAt = new Int32Array(flat.weightBytes.length);
  const countOf = (tensor: number): number => (consumers.start[tensor + 1] ?? 0) - (consumers.start[tensor] ?? 0);

  const layUses = (order: ArrayLike<number>): void => {
    let use = 0;
    for (let at = 0; at < n; at += 1) {
      const v = order[at] ?? 0;
      for (let e = reads.start[v] ?? 0; e < (reads.start[v + 1] ?? 0); e += 1) {
        const tensor = reads.items[e] ?? 0;
        left[tensor] = (left[tensor] ?? 0) - 1;
        if (isDirect && (producer[tensor] ?? -1) >= 0) {
          usePrevious[use] = lastAt[tensor] ?? 0;
          useLast[use] = left[tensor] === 0 ? (madeAt[tensor] ?? 0) : -1;
          useMs[use] = (sizeBytes[tensor] ?? 0) / bytesPerMs;
          use += 1;
        }
        lastAt[tensor] = at;
      }
      useStart[at + 1] = use;
      madeMs[at] = 0;
      for (let e = makes.start[v] ?? 0; e < (makes.start[v + 1] ?? 0); e += 1) {
        const tensor = makes.items[e] ?? 0;
        madeAt[tensor] = at;
        lastAt[tensor] = at;
        if (isDirect && countOf(tensor) > 0) madeMs[at] = (madeMs[at] ?? 0) + (sizeBytes[tensor] ?? 0) / bytesPerMs;
      }
    }
  };

  const layWeights = (order: ArrayLike<number>): void => {
    weightAt.fill(-1);
    let use = 0;
    for (let at = 0; at < n; at += 1) {
      const v = order[at] ?? 0;
      for (let e = weights.start[v] ?? 0; e < (weights.start[v + 1] ?? 0); e += 1) {
        const weight = weights.items[e] ?? 0;
        weightPrevious[use] = weightAt[weight] ?? 0;
        weightBytes[use] = flat.weightBytes[weight] ?? 0;
        weightAt[weight] = at;
        use += 1;
      }
      weightStart[at + 1] = use;
    }
  };

  /** Adds each tensor to `sums[first]` to `sums[last]`, to be summed up. */
  const spread = (sums: Float64Array, first: number, last: number, value: number): void => {
    if (last < first) return;
    sums[first] = (sums[first] ?? 0) + value;
    if (last + 1 < sums.length) sums[last + 1] = (sums[last + 1] ?? 0) - value;
  };

  const layAlive = (): void => {
    passMs.fill(0);
    aliveBytes.fill(0);
    for (let tensor = 0; tensor < tensorCount; tensor += 1) {
      const [size, from] = [sizeBytes[tensor] ?? 0, madeAt[tensor] ?? 0];
      const last = isOutput[tensor] === 1 ? n : (lastAt[tensor] ?? 0);
      if (last < 0) continue;
      if (!isDirect) spread(passMs, from + 1, last, size / bytesPerMs);
      if (limited) spread(aliveBytes, Math.max(0, from), last, size);
    }
    for (let b = 1; b <= n; b += 1) {
      passMs[b] = (passMs[b] ?? 0) + (passMs[b - 1] ?? 0);
      aliveBytes[b] = (aliveBytes[b] ?? 0) + (aliveBytes[b - 1] ?? 0);
    }
    // The asker gives the first stage the inputs and takes the outputs from the last, over a link that is not a stage's.
    passMs[0] = 0;
    passMs[n] = 0;
  };

  const lay = (order: ArrayLike<number>): void => {
    for (let at = 0; at < n; at += 1) workMs[at + 1] = (workMs[at] ?? 0) + (timeMs[order[at] ?? 0] ?? 0);
    for (let tensor = 0; tensor < tensorCount; tensor += 1) left[tensor] = countOf(tensor);
    madeAt.fill(-1);
    lastAt.fill(-1);
    layUses(order);
    if (limited) layWeights(order);
    if (limited || !isDirect) layAlive();
  };
  return {
    lay,
    workMs,
    useStart,
    usePrevious,
    useLast,
    useMs,
    madeMs,
    passMs,
    aliveBytes,
    weightStart,
    weightPrevious,
    weightBytes,
  };
};
