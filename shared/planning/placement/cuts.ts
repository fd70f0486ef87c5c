import type { Segments } from '../segments.ts';

/** Most positions between nodes at which stages may part: a placement reads each pair of them. */
export const MOST_CUTS = 120;

/** What a placement knows of one order, at the positions where stages may start or end. */
export interface CutTable {
  /** Ascending, from 0 to n: a stage from cut a to cut b has positions `at[a]` to `at[b] - 1`. */
  readonly at: readonly number[];
  /** Work before each cut at speed 1. */
  readonly workMs: Float64Array;
  /** Bytes that a chain of stages hands on there; none at both ends, since the asker's link belongs to no swarm. */
  readonly acrossBytes: Float64Array;
  /** Weights and most activations of the stage from cut a to cut b, at `b * at.length + a`. */
  readonly needBytes: Float64Array;
}

/** Memory of positions l to r, both included. */
export const needOf = ({ n, weightBytes, peakBytes }: Segments, l: number, r: number): number =>
  (weightBytes[l * n + r] ?? 0) + (peakBytes[l * n + r] ?? 0);

/** Bytes handed on at position b of a chain of stages. Segments must be of `relayed` transfers. */
const acrossAt = ({ n, inBytes }: Segments, b: number): number => (b === 0 || b === n ? 0 : (inBytes[b * n + b] ?? 0));

/**
 * All positions, or so many of them: the cheapest boundary of each of as many windows of equal work as half the cuts
 * (work stays divisible), then the cheapest of all.
 * @param keep positions to keep in any case, such as those of a placement that is known to fit
 */
const positions = (segments: Segments, keep: readonly number[]): readonly number[] => {
  const { n, workMs } = segments;
  const inner = Array.from({ length: n - 1 }, (_, i) => i + 1);
  if (inner.length <= MOST_CUTS) return [0, ...inner, n];
  const cheapest = inner.toSorted((a, b) => acrossAt(segments, a) - acrossAt(segments, b) || a - b);
  const windows = MOST_CUTS / 2;
  const total = workMs[n] ?? 0;
  const best = new Map<number, number>();
  for (const b of cheapest) {
    const share = total > 0 ? (workMs[b] ?? 0) / total : b / n;
    const window = Math.min(windows - 1, Math.floor(share * windows));
    if (!best.has(window)) best.set(window, b);
  }
  const kept = new Set([...keep.filter((b) => b > 0 && b < n), ...best.values()]);
  for (const b of cheapest) {
    if (kept.size >= MOST_CUTS) break;
    kept.add(b);
  }
  return [0, ...[...kept].sort((a, b) => a - b), n];
};

/** @param segments of `relayed` transfers */
export const cutTable = (segments: Segments, keep: readonly number[]): CutTable => {
  const at = positions(segments, keep);
  const size = at.length;
  const needBytes = new Float64Array(size * size);
  for (let b = 1; b < size; b += 1) {
    for (let a = 0; a < b; a += 1) needBytes[b * size + a] = needOf(segments, at[a] ?? 0, (at[b] ?? 0) - 1);
  }
  return {
    at,
    workMs: Float64Array.from(at, (p) => segments.workMs[p] ?? 0),
    acrossBytes: Float64Array.from(at, (p) => acrossAt(segments, p)),
    needBytes,
  };
};
