import fc from 'fast-check';
import type { WorkGraph } from '../../graph.ts';
import type { LinkSpeed, Machine, Swarm } from '../../swarm.ts';

const few = (max: number, min = 0): fc.Arbitrary<number> => fc.integer({ min, max });

/** Node i reads some nodes before it; small whole numbers, so that ties are met too. */
export const anyGraph = (most: number): fc.Arbitrary<WorkGraph> =>
  fc.integer({ min: 1, max: most }).chain((n) =>
    fc
      .record({
        times: fc.array(few(9), { minLength: n, maxLength: n }),
        sizes: fc.array(few(9, 1), { minLength: n, maxLength: n }),
        reads: fc.array(fc.array(fc.boolean(), { minLength: n, maxLength: n }), { minLength: n, maxLength: n }),
        weights: fc.array(few(9), { minLength: n, maxLength: n }),
        tied: fc.boolean(),
      })
      .map(({ times, sizes, reads, weights, tied }) => ({
        nodes: times.map((timeMs, i) => ({ name: `n${i}`, timeMs })),
        tensors: sizes.map((sizeBytes, i) => ({
          name: `t${i}`,
          sizeBytes,
          producer: i,
          consumers: times.flatMap((_, j) => (j > i && reads[j]?.[i] ? [j] : [])),
          isOutput: i === n - 1,
        })),
        weights: weights.map((sizeBytes, i) => ({
          name: `w${i}`,
          sizeBytes,
          users: tied && i === 0 && n > 1 ? [0, n - 1] : [i],
        })),
      })),
  );

const anyLink: fc.Arbitrary<LinkSpeed> = fc.record({ latencyMs: few(5), bytesPerMs: few(4, 1) });

export const anySwarm = (most: number): fc.Arbitrary<Swarm> =>
  fc.integer({ min: 1, max: most }).chain((k) =>
    fc.record({
      machines: fc
        .array(fc.record({ speed: few(4, 1), memoryBytes: few(60, 5) }), { minLength: k, maxLength: k })
        .map((all) => all.map((one, i) => ({ name: `m${i}`, ...one }))),
      links: fc.array(fc.array(anyLink, { minLength: k, maxLength: k }), { minLength: k, maxLength: k }),
    }),
  );

/** Equal links between all. */
export const swarmOf = (machines: readonly Machine[], link: LinkSpeed): Swarm => ({
  machines,
  links: machines.map(() => machines.map(() => link)),
});

/** A chain of nodes, each with its weights, that hands on tensors of one size. */
export const chainGraph = (timesMs: readonly number[], sizeBytes: number, weightBytes = 0): WorkGraph => ({
  nodes: timesMs.map((timeMs, i) => ({ name: `n${i}`, timeMs })),
  tensors: timesMs.map((_, i) => ({
    name: `t${i}`,
    sizeBytes,
    producer: i,
    consumers: i + 1 < timesMs.length ? [i + 1] : [],
    isOutput: i + 1 === timesMs.length,
  })),
  weights: timesMs.map((_, i) => ({ name: `w${i}`, sizeBytes: weightBytes, users: [i] })),
});
