import type { WorkGraph } from '../graph.ts';
import { partition } from '../partition/partition.ts';
import { seeded } from '../seeded.ts';
import type { Swarm } from '../swarm.ts';

const EVALUATIONS = 100;

/**
 * Orders of nodes worth placing: the stored one, and the one that a search for as many equal machines ends with. The
 * same graph and swarm give the same orders.
 */
export const candidateOrders = (graph: WorkGraph, swarm: Swarm): readonly (readonly number[])[] => {
  const stored = [...graph.nodes.keys()];
  const speeds = swarm.links.flatMap((row, from) => row.filter((_, to) => from !== to).map((l) => l.bytesPerMs));
  const bytesPerMs = speeds.toSorted((a, b) => a - b)[Math.floor(speeds.length / 2)];
  if (bytesPerMs === undefined) return [stored];
  const { stageOf } = partition(graph, {
    stages: swarm.machines.length,
    bytesPerMs,
    transfers: 'relayed',
    evaluations: EVALUATIONS,
    random: seeded(1),
    exactLimit: 0,
  });
  return [stored, stored.toSorted((a, b) => (stageOf[a] ?? 0) - (stageOf[b] ?? 0) || a - b)];
};
