import type { WorkGraph } from '../graph.ts';
import { simpleBound } from './bounds.ts';
import { fits } from './costs.ts';
import { flatten } from './flat.ts';
import { openDecoder, seedKeys } from './orders.ts';
import { openSlicer } from './slice.ts';
import type { Candidate, Terms } from './terms.ts';

/**
 * Shares of a generation and the chance of the better parent's key: usual values of biased random-key genetic algorithms
 * (Goncalves and Resende 2011), those of the prototype in sharding.md 1.3.
 */
const ELITE_SHARE = 0.25;
const MUTANT_SHARE = 0.15;
const BIAS = 0.7;

export interface Search {
  /** Orders to try at most, at least 1: 100 (10 generations of 10) and 10,000 (100 of 100) are the paper's budgets. */
  readonly evaluations: number;
  /** Uniform in [0, 1), seeded by the caller. */
  readonly random: () => number;
  /** Asked before each order but the first. */
  readonly shouldStop?: () => boolean;
}

interface Individual {
  readonly keys: Float64Array;
  readonly found: Candidate | undefined;
}

/**
 * A biased random-key genetic algorithm over topological orders, each cut by the exact slicing (arXiv 2311.03703, section
 * 5; sharding.md 1.3). The stored order is tried first, then depth orders, then random ones. An order is priced only as
 * far as it could still join the elite, which changes nothing else: all others are equal as parents.
 * @returns undefined if no slicing of any tried order fits the memory
 */
export const brkga = (graph: WorkGraph, terms: Terms, search: Search): Candidate | undefined => {
  const { evaluations, random, shouldStop = () => false } = search;
  const flat = flatten(graph);
  const decode = openDecoder(flat);
  const slice = openSlicer(graph, terms, flat);
  const boundMs = simpleBound(graph, terms.stages);
  const size = Math.max(4, Math.round(Math.sqrt(evaluations)));
  const eliteSize = Math.round(ELITE_SHARE * size);
  const mutants = Math.round(MUTANT_SHARE * size);
  /** Ascending by bottleneck; what one generation hands to the next. */
  let elite: Individual[] = [];
  let others: Individual[] = [];
  let tried = 0;

  const isDone = (): boolean =>
    tried >= evaluations || (tried > 0 && (shouldStop() || (elite[0]?.found?.bottleneckMs ?? boundMs + 1) <= boundMs));

  const evaluate = (keys: Float64Array): void => {
    tried += 1;
    const worst = elite.length < eliteSize ? undefined : elite.at(-1)?.found?.bottleneckMs;
    const sliced = slice(decode(keys), worst);
    const found = sliced && fits(graph, sliced.stageOf, terms) ? sliced : undefined;
    if (!found) {
      others.push({ keys, found });
      return;
    }
    const better = elite.findIndex((one) => (one.found?.bottleneckMs ?? 0) > found.bottleneckMs);
    elite.splice(better < 0 ? elite.length : better, 0, { keys, found });
    if (elite.length > eliteSize) others.push(...elite.splice(eliteSize));
  };

  const randomKeys = (): Float64Array => Float64Array.from({ length: flat.n }, random);
  const pick = (from: readonly Individual[]): Float64Array | undefined =>
    from[Math.floor(random() * from.length)]?.keys;
  const child = (parents: readonly Individual[], rest: readonly Individual[]): Float64Array => {
    const [better, other] = [pick(parents), pick(rest)];
    if (!better || !other) return randomKeys();
    return better.map((key, v) => (random() < BIAS ? key : (other[v] ?? 0)));
  };

  const first = seedKeys(flat);
  for (let i = 0; i < size && !isDone(); i += 1) evaluate(first[i] ?? randomKeys());
  while (!isDone()) {
    const [parents, rest] = [elite, others];
    [elite, others] = [[...elite], []];
    for (let i = elite.length; i < size && !isDone(); i += 1) {
      evaluate(i >= size - mutants ? randomKeys() : child(parents, rest));
    }
  }
  return elite[0]?.found;
};
