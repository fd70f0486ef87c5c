import type { WorkGraph } from '../graph.ts';
import { superBlockLp } from './super-block-lp.ts';
import type { Terms } from './terms.ts';

/**
 * No partition has a smaller bottleneck than the slowest node, or than an even share of the work (sharding.md 1.4).
 * @returns ms
 */
export const simpleBound = (graph: WorkGraph, stages: number): number => {
  let [slowest, all] = [0, 0];
  for (const { timeMs } of graph.nodes) {
    slowest = Math.max(slowest, timeMs);
    all += timeMs;
  }
  return Math.max(slowest, all / stages);
};

/**
 * Solves a mixed-integer program given in the LP format of CPLEX.
 * `boundValue`: no solution has a smaller objective; proven, whatever the time: never the value of a solution found.
 */
export type SolveLp = (
  lp: string,
  timeLimitS: number,
) => { readonly status: 'optimal' | 'infeasible' | 'time-limit'; readonly boundValue: number };

/**
 * Solvers keep rows and whole numbers to about 1e-6 each. Objectives are in units of the simple bound, so that sums of such
 * slips over a graph stay well below this share.
 */
const SOLVER_SLIP = 1e-4;

/**
 * The bound of one busiest stage between all before and all after it: (a) of sharding.md 1.4.
 * @returns ms; never below the simple bound
 */
export const busiestStageBound = (graph: WorkGraph, terms: Terms, solve: SolveLp, timeLimitS: number): number =>
  boundOf(graph, terms, solve, [undefined], timeLimitS);

/**
 * The same for each place that the busiest stage could have, the least of them: (b) of sharding.md 1.4, with more rows. Valid for both ways
 * of transfer, since a chain only adds to what `direct` charges.
 * @param timeLimitS for all places together, the same share for each
 * @returns ms; never below the simple bound
 */
export const placedStageBound = (graph: WorkGraph, terms: Terms, solve: SolveLp, timeLimitS: number): number =>
  boundOf(graph, terms, solve, [...Array(terms.stages).keys()], timeLimitS);

const boundOf = (
  graph: WorkGraph,
  terms: Terms,
  solve: SolveLp,
  places: readonly (number | undefined)[],
  timeLimitS: number,
): number => {
  const simpleMs = simpleBound(graph, terms.stages);
  if (simpleMs === 0) return 0;
  let least = Number.POSITIVE_INFINITY;
  for (const place of places) {
    const { status, boundValue } = solve(superBlockLp(graph, terms, simpleMs, place), timeLimitS / places.length);
    if (status !== 'infeasible') least = Math.min(least, boundValue);
    if (least <= 1) break;
  }
  return Math.max(1, Number.isFinite(least) ? least * (1 - SOLVER_SLIP) : 1) * simpleMs;
};
