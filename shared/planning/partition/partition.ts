import { BadInputError } from '../../errors.ts';
import type { StageOf, WorkGraph } from '../graph.ts';
import { simpleBound } from './bounds.ts';
import { brkga, type Search } from './brkga.ts';
import { checkGraph } from './check-graph.ts';
import { contractBelow } from './contract-below.ts';
import { costsOf, fits, totalMs } from './costs.ts';
import { type Exact, type ExactSearch, exact } from './exact.ts';
import { refine } from './refine.ts';
import { openSlicer } from './slice.ts';
import type { Terms } from './terms.ts';

/** Sums in another order may differ by as much: no better partition. */
const ROUNDING = 1e-9;

export interface PartitionTerms extends Terms, Search {
  /** The exact program runs if the graph has at most so many ideals; 0 for never. 37,000 took 1 s (Inception-v3, 326 nodes). */
  readonly exactLimit: number;
}

export interface Partition {
  /** Stages 0 to `stageMs.length - 1`. */
  readonly stageOf: StageOf;
  /** Work, in and out of each stage: as many as it pays to have, at most as many as asked for. */
  readonly stageMs: readonly number[];
  /** The slowest of them: one run is done per so many ms. */
  readonly bottleneckMs: number;
  /** No partition of this graph on these terms has a smaller bottleneck. */
  readonly boundMs: number;
  /** `exact`: the bottleneck is the least possible. `bound`: at most `bottleneckMs / boundMs` times that. */
  readonly proof: 'exact' | 'bound';
}

/**
 * Splits a graph over equal machines so that the slowest stage is as fast as can be found: the best slicing of many
 * orders, then moves of single nodes, then the exact program where the graph has few ideals. Pure: same terms, same seed,
 * same answer.
 * @throws {BadInputError} what `checkGraph` throws; `partition-bad-terms`; `stage-memory-exceeded` if nothing found fits
 */
export const partition = (graph: WorkGraph, given: PartitionTerms): Partition => {
  checkTerms(given);
  checkGraph(graph);
  const terms = withoutIdleLimit(graph, given);
  const sliced = brkga(graph, terms, terms);
  const found = sliced && polished(graph, sliced.stageOf, terms);
  const boundMs = simpleBound(graph, terms.stages);
  if (found && found.bottleneckMs <= boundMs) return { ...found, boundMs: found.bottleneckMs, proof: 'exact' };

  const best = exactBelow(graph, terms, found ? found.bottleneckMs * (1 - ROUNDING) : Number.POSITIVE_INFINITY);
  const better = best.kind === 'optimum' ? priced(graph, best.found.stageOf, terms) : found;
  if (!better) throw tooLarge(graph, terms);
  if (best.kind !== 'optimum' && best.kind !== 'none-below') return { ...better, boundMs, proof: 'bound' };
  return { ...better, boundMs: better.bottleneckMs, proof: 'exact' };
};

/** The exact program, on a smaller graph where memory cannot tell the two apart. */
const exactBelow = (graph: WorkGraph, terms: PartitionTerms, belowMs: number): Exact => {
  const { exactLimit, shouldStop } = terms;
  const search: ExactSearch = { idealLimit: exactLimit, belowMs, ...(shouldStop && { shouldStop }) };
  if (terms.memoryBytes !== undefined) return exact(graph, terms, search);
  const small = contractBelow(graph, terms, belowMs);
  const best = exact(small.graph, terms, search);
  if (best.kind !== 'optimum') return best;
  const stageOf: number[] = [];
  small.members.forEach((nodes, at) => {
    for (const node of nodes) stageOf[node] = best.found.stageOf[at] ?? 0;
  });
  return { kind: 'optimum', found: { ...best.found, stageOf } };
};

/** Without the limit of memory if not even all tensors and weights together reach it: searches are quicker then. */
const withoutIdleLimit = (graph: WorkGraph, terms: PartitionTerms): PartitionTerms => {
  const { memoryBytes, ...unlimited } = terms;
  const allBytes = [...graph.tensors, ...graph.weights].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return memoryBytes !== undefined && allBytes <= memoryBytes ? unlimited : terms;
};

/** Moves of single nodes and slicings of the order that they leave, in turn, while that gains. */
const polished = (graph: WorkGraph, stageOf: StageOf, terms: Terms) => {
  const slice = openSlicer(graph, terms);
  let best = priced(graph, refine(graph, stageOf, terms), terms);
  for (;;) {
    const order = [...stageOf.keys()].sort((a, b) => (best.stageOf[a] ?? 0) - (best.stageOf[b] ?? 0) || a - b);
    const again = slice(order, best.bottleneckMs * (1 - ROUNDING));
    if (!again || !fits(graph, again.stageOf, terms)) return best;
    best = priced(graph, refine(graph, again.stageOf, terms), terms);
  }
};

const priced = (graph: WorkGraph, stageOf: StageOf, terms: Terms) => {
  const stageMs = costsOf(graph, stageOf, terms).map(totalMs);
  return { stageOf, stageMs, bottleneckMs: Math.max(0, ...stageMs) };
};

const checkTerms = ({ stages, bytesPerMs, evaluations }: PartitionTerms): void => {
  if (!Number.isInteger(stages) || stages < 1) {
    throw new BadInputError('partition-bad-terms', `${stages} stages asked for: allowed are whole numbers from 1 on`);
  }
  if (!(bytesPerMs > 0)) {
    throw new BadInputError('partition-bad-terms', `a link of ${bytesPerMs} bytes per ms: allowed is more than 0`);
  }
  if (!Number.isInteger(evaluations) || evaluations < 1) {
    throw new BadInputError('partition-bad-terms', `${evaluations} evaluations: allowed are whole numbers from 1 on`);
  }
};

/** Names a node that fits nowhere, if there is one: else stages are too few or too small together. */
const tooLarge = (graph: WorkGraph, terms: Terms): BadInputError => {
  const memoryBytes = terms.memoryBytes ?? 0;
  const alone = costsOf(
    graph,
    graph.nodes.map((_, node) => node),
    terms,
  );
  const node = alone.findIndex(({ weightBytes, peakBytes }) => weightBytes + peakBytes > memoryBytes);
  const details = { memoryBytes, stages: terms.stages };
  if (node < 0) {
    return new BadInputError('stage-memory-exceeded', `no split found keeps each stage within ${memoryBytes} bytes`, {
      next: 'allow more stages or more memory',
      details,
    });
  }
  const [name, cost] = [graph.nodes[node]?.name ?? '', alone[node]];
  const needs = (cost?.weightBytes ?? 0) + (cost?.peakBytes ?? 0);
  return new BadInputError('stage-memory-exceeded', `node ${name} alone needs ${needs} of ${memoryBytes} bytes`, {
    next: 'allow more memory',
    details: { ...details, node: name, needsBytes: needs },
  });
};
