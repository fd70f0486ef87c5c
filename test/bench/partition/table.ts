import { QuorateError } from '../../../shared/errors.ts';
import type { WorkGraph } from '../../../shared/planning/graph.ts';
import { placedStageBound, type SolveLp, simpleBound } from '../../../shared/planning/partition/bounds.ts';
import { contractBelow } from '../../../shared/planning/partition/contract-below.ts';
import { type PartitionTerms, partition } from '../../../shared/planning/partition/partition.ts';
import { seeded } from '../../../shared/planning/seeded.ts';

export type Row = Readonly<Record<string, string | number>>;

export interface Measured {
  readonly graph: WorkGraph;
  readonly terms: Omit<PartitionTerms, 'random' | 'exactLimit'>;
  /** Undefined leaves the bound by programs out. */
  readonly solve: SolveLp | undefined;
}

const SEED = 1;
const EXACT_LIMIT = 100_000;
const BOUND_S = 60;

/** Searches alone, then all of it with the exact program; then bounds what was found, as if it were not proven. */
export const rowOf = ({ graph, terms, solve }: Measured): Row => {
  const [searched, searchMs] = timed(() => partition(graph, { ...terms, exactLimit: 0, random: seeded(SEED) }));
  const [found, allMs] = timed(() => partition(graph, { ...terms, exactLimit: EXACT_LIMIT, random: seeded(SEED) }));
  const simpleMs = simpleBound(graph, terms.stages);
  const [programMs, boundsMs] = timed(() => solve && programBound({ graph, terms, solve }, found.bottleneckMs));
  const bestMs = Math.max(found.boundMs, programMs ?? 0);
  return {
    nodes: graph.nodes.length,
    k: terms.stages,
    'found by search': searched.bottleneckMs.toFixed(3),
    bottleneck: found.bottleneckMs.toFixed(3),
    'simple bound': simpleMs.toFixed(3),
    'program bound': programMs?.toFixed(3) ?? '-',
    gap: `${((found.bottleneckMs / bestMs - 1) * 100).toFixed(2)} %`,
    proof: found.proof,
    'search ms': searchMs.toFixed(0),
    'search + exact ms': allMs.toFixed(0),
    'bounds ms': boundsMs.toFixed(0),
  };
};

/** The row, or why there is none: one bad file does not end the table. */
export const rowOrReason = (measured: () => Measured): Row => {
  try {
    return rowOf(measured());
  } catch (error) {
    if (error instanceof QuorateError) return { proof: `${error.code}: ${error.message}` };
    throw error;
  }
};

/** A partition that the smaller graph has not is no better than the one found. Memory only makes optima larger. */
const programBound = ({ graph, terms, solve }: Measured & { solve: SolveLp }, foundMs: number): number =>
  Math.min(foundMs, placedStageBound(contractBelow(graph, terms, foundMs).graph, terms, solve, BOUND_S));

const timed = <T>(run: () => T): [result: T, ms: number] => {
  const startedMs = performance.now();
  const result = run();
  return [result, performance.now() - startedMs];
};
