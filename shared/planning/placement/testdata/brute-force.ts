import type { WorkGraph } from '../../graph.ts';
import type { Swarm } from '../../swarm.ts';
import type { Placed } from '../assign.ts';
import type { Objective } from '../slicing.ts';

/** What a chain of stages must move at position b, by the definition alone. */
const across = (graph: WorkGraph, order: readonly number[], b: number): number => {
  if (b === 0 || b === order.length) return 0;
  const at = (node: number): number => order.indexOf(node);
  return graph.tensors
    .filter(({ producer, consumers, isOutput }) => {
      const made = producer === undefined || at(producer) < b;
      return made && (isOutput || consumers.some((c) => at(c) >= b));
    })
    .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
};

const needs = (graph: WorkGraph, order: readonly number[], from: number, to: number): number => {
  const at = (node: number): number => order.indexOf(node);
  const weights = graph.weights
    .filter(({ users }) => users.some((u) => at(u) >= from && at(u) < to))
    .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const alive = (p: number): number =>
    graph.tensors
      .filter(({ producer, consumers, isOutput }) => {
        const first = producer === undefined ? 0 : at(producer);
        const last = isOutput ? order.length : Math.max(first, ...consumers.map(at));
        return first <= p && p <= last;
      })
      .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let peak = 0;
  for (let p = from; p < to; p += 1) peak = Math.max(peak, alive(p));
  return weights + peak;
};

/** The objective's cost of one placement, or Infinity when it does not fit. */
export const costOf = (
  graph: WorkGraph,
  order: readonly number[],
  swarm: Swarm,
  objective: Objective,
  stages: readonly Placed[],
): number => {
  const parts = stages.map(({ machine, from, to }, i) => {
    const { speed = 1, memoryBytes = 0 } = swarm.machines[machine] ?? {};
    if (needs(graph, order, from, to) > memoryBytes) return Number.POSITIVE_INFINITY;
    const compute = order.slice(from, to).reduce((sum, node) => sum + (graph.nodes[node]?.timeMs ?? 0), 0) / speed;
    const [before, after] = [stages[i - 1]?.machine, stages[i + 1]?.machine];
    const hop = (a: number | undefined, b: number | undefined, position: number) => {
      const { latencyMs = 0, bytesPerMs = 1 } = swarm.links[a ?? -1]?.[b ?? -1] ?? {};
      return { latencyMs, movesMs: across(graph, order, position) / bytesPerMs };
    };
    const [inward, outward] = [hop(before, machine, from), hop(machine, after, to)];
    return objective === 'latency'
      ? compute + inward.latencyMs + inward.movesMs
      : compute + inward.movesMs + outward.movesMs;
  });
  return objective === 'latency' ? parts.reduce((sum, part) => sum + part, 0) : Math.max(...parts);
};

/** All placements of n positions: every subset of the machines, in every order, cut everywhere. */
export function* placements(n: number, machines: number, maxStages: number): Generator<readonly Placed[]> {
  function* after(done: readonly Placed[], from: number): Generator<readonly Placed[]> {
    if (from === n) yield done;
    if (from === n || done.length === maxStages) return;
    for (let machine = 0; machine < machines; machine += 1) {
      if (done.some((stage) => stage.machine === machine)) continue;
      for (let to = from + 1; to <= n; to += 1) yield* after([...done, { machine, from, to }], to);
    }
  }
  yield* after([], 0);
}

export const bruteForce = (
  graph: WorkGraph,
  order: readonly number[],
  swarm: Swarm,
  objective: Objective,
  maxStages: number,
): number => {
  let best = Number.POSITIVE_INFINITY;
  for (const stages of placements(order.length, swarm.machines.length, maxStages)) {
    best = Math.min(best, costOf(graph, order, swarm, objective, stages));
  }
  return best;
};
