import fc from 'fast-check';
import type { StageOf, WorkGraph } from '../../graph.ts';
import { costsOf, fits, totalMs } from '../costs.ts';
import type { Terms } from '../terms.ts';

interface Size {
  readonly minNodes?: number;
  readonly maxNodes: number;
}

/** Small graphs with whole numbers, so that sums are exact: skip links, tied weights, inputs, outputs, nodes of no time. */
export const graphs = ({ minNodes = 1, maxNodes }: Size): fc.Arbitrary<WorkGraph> =>
  fc.integer({ min: minNodes, max: maxNodes }).chain((n) => {
    const bytes = fc.integer({ min: 0, max: 30 });
    const node = fc.integer({ min: 0, max: n - 1 });
    const tensor = fc.record({
      sizeBytes: bytes,
      producer: fc.option(node, { nil: undefined, freq: 6 }),
      reads: fc.uniqueArray(node, { maxLength: 4 }),
      isOutput: fc.boolean(),
    });
    return fc
      .record({
        times: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 20 })), { minLength: n, maxLength: n }),
        tensors: fc.array(tensor, { minLength: n, maxLength: 2 * n }),
        weights: fc.array(
          fc.record({ sizeBytes: bytes, users: fc.uniqueArray(node, { minLength: 1, maxLength: 3 }) }),
          {
            maxLength: n,
          },
        ),
      })
      .map(({ times, tensors, weights }) => ({
        nodes: times.map((timeMs, at) => ({ name: `n${at}`, timeMs })),
        tensors: tensors.map(({ sizeBytes, producer, reads, isOutput }, at) => ({
          ...{ name: `t${at}`, sizeBytes, producer, isOutput },
          consumers: ascending(reads.filter((reader) => reader > (producer ?? -1))),
        })),
        weights: weights.map(({ sizeBytes, users }, at) => ({ name: `w${at}`, sizeBytes, users: ascending(users) })),
      }));
  });

export const terms = (maxStages: number): fc.Arbitrary<Terms> =>
  fc.record(
    {
      stages: fc.integer({ min: 1, max: maxStages }),
      bytesPerMs: fc.constantFrom(0.5, 1, 4),
      transfers: fc.constantFrom('direct' as const, 'relayed' as const),
      memoryBytes: fc.integer({ min: 20, max: 300 }),
    },
    { requiredKeys: ['stages', 'bytesPerMs', 'transfers'] },
  );

export const bottleneckOf = (graph: WorkGraph, stageOf: StageOf, terms: Terms): number =>
  Math.max(0, ...costsOf(graph, stageOf, terms).map(totalMs));

/** Every partition in which no tensor flows back, its stages numbered without a gap: k^n of them looked at. */
export const allPartitions = (graph: WorkGraph, stages: number): StageOf[] =>
  graph.nodes
    .reduce<number[][]>(
      (found, _, node) => {
        const producers = graph.tensors.flatMap(({ producer, consumers }) =>
          producer !== undefined && consumers.includes(node) ? [producer] : [],
        );
        return found.flatMap((stageOf) => {
          const first = Math.max(0, ...producers.map((producer) => stageOf[producer] ?? 0));
          return Array.from({ length: stages - first }, (_, more) => [...stageOf, first + more]);
        });
      },
      [[]],
    )
    .filter((stageOf) => new Set(stageOf).size === Math.max(-1, ...stageOf) + 1);

/** The least bottleneck of those that fit; undefined if none does. */
export const leastOf = (graph: WorkGraph, partitions: readonly StageOf[], terms: Terms): number | undefined => {
  const bottlenecks = partitions
    .filter((stageOf) => fits(graph, stageOf, terms))
    .map((stageOf) => bottleneckOf(graph, stageOf, terms));
  return bottlenecks.length === 0 ? undefined : Math.min(...bottlenecks);
};

const ascending = (nodes: readonly number[]): number[] => [...nodes].sort((a, b) => a - b);
