import { BadInputError } from '../../errors.ts';
import type { StageOf, WorkGraph } from '../graph.ts';

/**
 * The same partition in exactly `stages` stages, for whoever needs as many whether it pays or not: the slowest stage of
 * two or more nodes is parted where its halves take most nearly equal times, again and again.
 * @throws {BadInputError} `too-many-stages` when the graph has fewer nodes
 */
export const inExactly = (graph: WorkGraph, stageOf: StageOf, stages: number): StageOf => {
  if (graph.nodes.length < stages) {
    throw new BadInputError(
      'too-many-stages',
      `${stages} stages asked for; nodes that can be parted: ${graph.nodes.length}`,
      { next: `ask for at most ${graph.nodes.length}`, details: { stages, nodes: graph.nodes.length } },
    );
  }
  const timeMs = (nodes: readonly number[]): number => nodes.reduce((sum, n) => sum + (graph.nodes[n]?.timeMs ?? 0), 0);
  const parts = [...Map.groupBy(stageOf.keys(), (node) => stageOf[node] ?? 0)]
    .sort(([a], [b]) => a - b)
    .map(([, nodes]) => nodes);
  while (parts.length < stages) {
    const [slowest = []] = parts.filter(({ length }) => length > 1).sort((a, b) => timeMs(b) - timeMs(a));
    const half = timeMs(slowest) / 2;
    const off = (at: number): number => Math.abs(timeMs(slowest.slice(0, at)) - half);
    const cut = [...slowest.keys()].reduce((best, at) => (at > 0 && off(at) < off(best) ? at : best), 1);
    parts.splice(parts.indexOf(slowest), 1, slowest.slice(0, cut), slowest.slice(cut));
  }
  const exact: number[] = [];
  for (const [stage, nodes] of parts.entries()) for (const node of nodes) exact[node] = stage;
  return exact;
};
