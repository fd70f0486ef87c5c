import type { WorkGraph } from '../graph.ts';
import { type FlatGraph, flatten } from './flat.ts';
import { openLayout } from './layout.ts';
import type { Candidate, Terms } from './terms.ts';

/** The best slicing of one topological order with a bottleneck below the limit; undefined if there is none. */
export type Slice = (order: ArrayLike<number>, limitMs?: number) => Candidate | undefined;

/**
 * The exact dynamic program of sharding.md 1.2 over runs of consecutive nodes: at most `stages` of them, the slowest as
 * fast as can be, none over the memory. Costs are swept for each first node as the program goes. What reaches `limitMs`
 * is pruned: work and incoming transfers only grow with a run, and the work that remains needs its stages too.
 * O(stages n^2 + n * uses) at worst, near (stages + uses / n) n^2 / stages with a limit close to the optimum.
 */
export const openSlicer = (graph: WorkGraph, terms: Terms, flat: FlatGraph = flatten(graph)): Slice => {
  const { n } = flat;
  const { stages, memoryBytes = Number.POSITIVE_INFINITY } = terms;
  const layout = openLayout(flat, terms);
  const { workMs, useStart, usePrevious, useLast, useMs, madeMs, passMs } = layout;
  const { aliveBytes, weightStart, weightPrevious, weightBytes } = layout;
  const row = stages + 1;
  /** Entry `l * row + j`: least bottleneck of the first l positions in exactly j stages, and where the last starts. */
  const best = new Float64Array((n + 1) * row);
  const startOf = new Int32Array((n + 1) * row);

  const sweep = (l: number, limitMs: number): void => {
    const [from, workBefore] = [l * row, workMs[l] ?? 0];
    const stagesLeft = ((workMs[n] ?? 0) - workBefore) / limitMs;
    let [low, high] = [stages, -1];
    for (let j = 0; j < stages && stages - j >= stagesLeft; j += 1) {
      if ((best[from + j] ?? 0) >= limitMs) continue;
      if (j < low) low = j;
      high = j;
    }
    if (high < 0) return;
    let [inMs, outMs, weights, peak] = [passMs[l] ?? 0, 0, 0, 0];
    for (let r = l; r < n; r += 1) {
      for (let e = useStart[r] ?? 0; e < (useStart[r + 1] ?? 0); e += 1) {
        if ((usePrevious[e] ?? 0) < l) inMs += useMs[e] ?? 0;
        if ((useLast[e] ?? 0) >= l) outMs -= useMs[e] ?? 0;
      }
      for (let e = weightStart[r] ?? 0; e < (weightStart[r + 1] ?? 0); e += 1) {
        if ((weightPrevious[e] ?? 0) < l) weights += weightBytes[e] ?? 0;
      }
      outMs += madeMs[r] ?? 0;
      const alive = aliveBytes[r] ?? 0;
      if (alive > peak) peak = alive;
      const least = (workMs[r + 1] ?? 0) - workBefore + inMs;
      if (least >= limitMs || weights + peak > memoryBytes) return;
      const cost = least + outMs + (passMs[r + 1] ?? 0);
      if (cost >= limitMs) continue;
      const to = (r + 1) * row + 1;
      for (let j = low; j <= high; j += 1) {
        const before = best[from + j] ?? 0;
        const bottleneck = Math.max(before, cost);
        if (bottleneck < (best[to + j] ?? 0)) {
          best[to + j] = bottleneck;
          startOf[to + j] = l;
        }
      }
    }
  };

  return (order, limitMs = Number.POSITIVE_INFINITY) => {
    layout.lay(order);
    best.fill(Number.POSITIVE_INFINITY);
    best[0] = 0;
    for (let l = 0; l < n; l += 1) sweep(l, limitMs);
    let used = 0;
    for (let j = 1; j < row; j += 1) if ((best[n * row + j] ?? 0) < (best[n * row + used] ?? 0)) used = j;
    const bottleneckMs = best[n * row + used] ?? 0;
    if (bottleneckMs >= limitMs) return undefined;
    const stageOf = new Array<number>(n);
    for (let [j, end] = [used, n]; j > 0; j -= 1) {
      const start = startOf[end * row + j] ?? 0;
      for (let at = start; at < end; at += 1) stageOf[order[at] ?? 0] = j - 1;
      end = start;
    }
    return { stageOf, bottleneckMs };
  };
};
