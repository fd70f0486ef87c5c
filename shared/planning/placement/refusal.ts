import type { WorkGraph } from '../graph.ts';
import type { Segments } from '../segments.ts';
import type { Machine, Swarm } from '../swarm.ts';
import { bytesInWords } from '../words.ts';
import { needOf } from './cuts.ts';
import { furthest, reach } from './fit.ts';

export interface Refused {
  readonly kind: 'refused';
  /** In words: what hinders the whole, then one for each machine in the swarm's order. */
  readonly reasons: readonly string[];
}

const largestOf = (machines: readonly Machine[]): Machine | undefined =>
  machines.toSorted((a, b) => b.memoryBytes - a.memoryBytes)[0];

/** Why a model fits nowhere, and what would fit. */
export const refusal = (
  graph: WorkGraph,
  order: readonly number[],
  segments: Segments,
  swarm: Swarm,
  maxStages: number,
): Refused => {
  const nameAt = (position: number): string => graph.nodes[order[position] ?? -1]?.name ?? '?';
  const { n } = segments;
  const { machines } = swarm;
  const largest = largestOf(machines);

  const overall = (): string => {
    let heaviest = 0;
    for (let p = 0; p < n; p += 1) if (needOf(segments, p, p) > needOf(segments, heaviest, heaviest)) heaviest = p;
    const need = needOf(segments, heaviest, heaviest);
    if (largest && need > largest.memoryBytes) {
      return `node ${nameAt(heaviest)} needs ${bytesInWords(need)}, the largest machine, ${largest.name}, has ${bytesInWords(largest.memoryBytes)}: a machine with ${bytesInWords(need)} or more would fit`;
    }
    const whole = needOf(segments, 0, n - 1);
    const { to } = furthest(segments, machines, maxStages);
    const held = `${to} of ${n} nodes, up to ${nameAt(to - 1)}; node ${nameAt(to)} and what follows need ${bytesInWords(needOf(segments, Math.min(to, n - 1), n - 1))} more`;
    const limit = maxStages < machines.length ? ` in ${maxStages} ${maxStages === 1 ? 'stage' : 'stages'}` : '';
    return `the ${machines.length} machines together hold${limit} ${held}: one more machine with as much, or one with ${bytesInWords(whole)} for all, would fit`;
  };

  const reasonOf = ({ name, memoryBytes }: Machine): string => {
    let [from, to] = [0, 0];
    for (let l = 0; l < n; l += 1) {
      const end = reach(segments, l, memoryBytes);
      if (end - l > to - from) [from, to] = [l, end];
    }
    const has = `${name} has ${bytesInWords(memoryBytes)}`;
    if (to > from)
      return `${has}: at most ${to - from} of ${n} nodes in a row, such as ${nameAt(from)} to ${nameAt(to - 1)}`;
    const least = Math.min(...order.map((_, p) => needOf(segments, p, p)));
    return `${has}: not one node, the smallest needs ${bytesInWords(least)}`;
  };

  return { kind: 'refused', reasons: [overall(), ...machines.map(reasonOf)] };
};
