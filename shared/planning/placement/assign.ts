import type { Segments } from '../segments.ts';
import type { Swarm } from '../swarm.ts';
import { cutTable } from './cuts.ts';
import { EXACT_MACHINES, furthest } from './fit.ts';
import { bestOfOrders } from './orders.ts';
import { chargesOf, type Objective } from './slicing.ts';
import { bestSubset } from './subsets.ts';

export interface AssignOptions {
  readonly objective: Objective;
  /** Most stages; as many as machines unless given. */
  readonly maxStages?: number | undefined;
}

/** Positions `from` to `to - 1` of the order. */
export interface Placed {
  readonly machine: number;
  readonly from: number;
  readonly to: number;
}

export interface Assignment {
  /** In the order of work. Machines that are not here are left out. */
  readonly stages: readonly Placed[];
  /** Of the objective: see {@link Objective}. */
  readonly costMs: number;
  /** `exact-order`: nothing is better for this order of nodes and the cuts considered. `heuristic`: nothing is proved. */
  readonly search: 'exact-order' | 'heuristic';
  /** Positions between nodes where stages were allowed to part, of those that there are. */
  readonly cuts: { readonly considered: number; readonly possible: number };
}

/**
 * Places runs of consecutive nodes of one order on uneven machines, each machine at most once, within their memories
 * (weights and peak activations together are a hard limit). Exact over all subsets and orders of up to 10 machines,
 * by {@link bestOfOrders} for more.
 * @param segments of `relayed` transfers
 * @param swarm as `checkSwarm` allows it
 * @returns undefined when the model does not fit
 */
export const assign = (segments: Segments, swarm: Swarm, options: AssignOptions): Assignment | undefined => {
  const { objective, maxStages = swarm.machines.length } = options;
  const exact = swarm.machines.length <= EXACT_MACHINES;
  const fit = furthest(segments, swarm.machines, maxStages);
  if (exact && fit.to < segments.n) return undefined;
  const table = cutTable(segments, fit.to === segments.n ? fit.ends : []);
  const charges = chargesOf(table, swarm, objective);
  const found = bestOfOrders(charges, maxStages);
  const best = exact ? (bestSubset(charges, maxStages, found?.costMs ?? Number.POSITIVE_INFINITY) ?? found) : found;
  return (
    best && {
      stages: best.runs.map(({ machine, from, to }) => ({ machine, from: table.at[from] ?? 0, to: table.at[to] ?? 0 })),
      costMs: best.costMs,
      search: exact ? 'exact-order' : 'heuristic',
      cuts: { considered: table.at.length - 2, possible: segments.n - 1 },
    }
  );
};
