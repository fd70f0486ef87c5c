import type { WorkGraph } from '../graph.ts';
import { flatten } from './flat.ts';
import { openGrowth } from './growth.ts';
import { type Ideals, idealsOf } from './ideals.ts';
import type { Candidate, Terms } from './terms.ts';

export type Exact =
  | { readonly kind: 'optimum'; readonly found: Candidate }
  /** No partition has a bottleneck below the limit. */
  | { readonly kind: 'none-below' }
  | { readonly kind: 'too-many-ideals' }
  | { readonly kind: 'stopped' };

export interface ExactSearch {
  readonly idealLimit: number;
  /** The bottleneck of a known partition: only better ones are looked for. */
  readonly belowMs?: number;
  readonly shouldStop?: () => boolean;
}

/**
 * The best partition of all, by a dynamic program over pairs of ideals (Tarnawski et al., NeurIPS 2020; sharding.md 1.4):
 * every partition in which no tensor flows back is a chain of ideals, and a stage the difference of two. Stages are grown
 * node by node and left as soon as they reach the limit. O(pairs of ideals * (stages + tensors of a node)) at worst.
 */
export const exact = (graph: WorkGraph, terms: Terms, search: ExactSearch): Exact => {
  const { idealLimit, belowMs = Number.POSITIVE_INFINITY, shouldStop = () => false } = search;
  const flat = flatten(graph);
  const ideals = idealsOf(flat, idealLimit);
  if (!ideals) return { kind: 'too-many-ideals' };
  const { stages, memoryBytes = Number.POSITIVE_INFINITY } = terms;
  const { count, has, nextStart, nextNode, nextIdeal } = ideals;
  const growth = openGrowth(flat, terms);
  const workMs = workOf(ideals, flat.timeMs);
  const row = stages + 1;
  /** Entry `ideal * row + j`: least bottleneck of its nodes in exactly j stages, and the ideal before the last of them. */
  const best = new Float64Array(count * row).fill(Number.POSITIVE_INFINITY);
  const before = new Int32Array(count * row);
  best[0] = 0;
  let [source, low, high] = [0, stages, -1];

  const relax = (ideal: number, costMs: number): void => {
    const [from, to] = [source * row, ideal * row + 1];
    for (let j = low; j <= high; j += 1) {
      const earlier = best[from + j] ?? 0;
      const bottleneck = Math.max(earlier, costMs);
      if (bottleneck >= (best[to + j] ?? 0)) continue;
      best[to + j] = bottleneck;
      before[to + j] = source;
    }
  };
  /** All stages that add to this one only nodes after `last`: each once. */
  const grow = (ideal: number, last: number): void => {
    for (let e = nextStart[ideal] ?? 0; e < (nextStart[ideal + 1] ?? 0); e += 1) {
      const node = nextNode[e] ?? 0;
      if (node <= last) continue;
      const next = nextIdeal[e] ?? 0;
      growth.add(node);
      if (growth.leastMs() < belowMs && growth.needsBytes() <= memoryBytes) {
        const costMs = growth.costMs(next === count - 1);
        if (costMs < belowMs) relax(next, costMs);
        grow(next, node);
      }
      growth.remove(node);
    }
  };

  for (source = 0; source < count - 1; source += 1) {
    const stagesLeft = ((workMs[count - 1] ?? 0) - (workMs[source] ?? 0)) / belowMs;
    [low, high] = [stages, -1];
    for (let j = 0; j < stages && stages - j >= stagesLeft; j += 1) {
      if ((best[source * row + j] ?? 0) >= belowMs) continue;
      if (j < low) low = j;
      high = j;
    }
    if (high < 0) continue;
    if (shouldStop()) return { kind: 'stopped' };
    growth.begin((node) => has(source, node));
    grow(source, -1);
  }

  let used = 0;
  const last = (count - 1) * row;
  for (let j = 1; j < row; j += 1) if ((best[last + j] ?? 0) < (best[last + used] ?? 0)) used = j;
  const bottleneckMs = best[last + used] ?? 0;
  if (bottleneckMs >= belowMs) return { kind: 'none-below' };
  const stageOf = new Array<number>(flat.n).fill(0);
  for (let [j, ideal] = [used, count - 1]; j > 0; j -= 1) {
    const from = before[ideal * row + j] ?? 0;
    for (let node = 0; node < flat.n; node += 1) if (has(ideal, node) && !has(from, node)) stageOf[node] = j - 1;
    ideal = from;
  }
  return { kind: 'optimum', found: { stageOf, bottleneckMs } };
};

const workOf = ({ count, nextStart, nextNode, nextIdeal }: Ideals, timeMs: Float64Array): Float64Array => {
  const workMs = new Float64Array(count);
  for (let ideal = 0; ideal < count; ideal += 1) {
    for (let e = nextStart[ideal] ?? 0; e < (nextStart[ideal + 1] ?? 0); e += 1) {
      workMs[nextIdeal[e] ?? 0] = (workMs[ideal] ?? 0) + (timeMs[nextNode[e] ?? 0] ?? 0);
    }
  }
  return workMs;
};
