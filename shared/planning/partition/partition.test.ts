import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WorkGraph } from '../graph.ts';
import { seeded } from '../seeded.ts';
import { simpleBound } from './bounds.ts';
import { brkga } from './brkga.ts';
import { contractBelow } from './contract-below.ts';
import { fits } from './costs.ts';
import { exact } from './exact.ts';
import { partition } from './partition.ts';
import { refine } from './refine.ts';
import { openSlicer } from './slice.ts';
import { allPartitions, bottleneckOf, graphs, leastOf, terms } from './testdata/graphs.ts';

const search = { evaluations: 20, exactLimit: 20_000 };
const chain: WorkGraph = {
  nodes: [3, 1, 2].map((timeMs, at) => ({ name: `n${at}`, timeMs })),
  tensors: [0, 1].map((at) => ({ name: `t${at}`, sizeBytes: 1, producer: at, consumers: [at + 1], isOutput: false })),
  weights: [{ name: 'w', sizeBytes: 50, users: [1] }],
};
const direct = { stages: 2, bytesPerMs: 10, transfers: 'direct' as const };
const codeOf = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('a partition for equal machines', () => {
  it('is the best of all, and proven so, where ideals are few', () => {
    fc.assert(
      fc.property(graphs({ maxNodes: 7 }), terms(3), fc.nat(), (graph, asked, seed) => {
        const least = leastOf(graph, allPartitions(graph, asked.stages), asked);
        const run = () => partition(graph, { ...asked, ...search, random: seeded(seed) });
        if (least === undefined) {
          expect(codeOf(run)).toBe('stage-memory-exceeded');
          return;
        }
        const found = run();
        expect(found.bottleneckMs).toBeCloseTo(least, 6);
        expect(found.proof).toBe('exact');
        expect(found.boundMs).toBe(found.bottleneckMs);
        expect(bottleneckOf(graph, found.stageOf, asked)).toBe(found.bottleneckMs);
        expect(found.stageMs).toHaveLength(new Set(found.stageOf).size);
        expect(fits(graph, found.stageOf, asked)).toBe(true);
      }),
    );
  });

  it('lies between the bound and its price without the exact program', () => {
    fc.assert(
      fc.property(graphs({ maxNodes: 20 }), terms(4), fc.nat(), (graph, { memoryBytes: _, ...asked }, seed) => {
        const found = partition(graph, { ...asked, ...search, exactLimit: 0, random: seeded(seed) });
        expect(found.boundMs).toBeGreaterThanOrEqual(simpleBound(graph, asked.stages) * (1 - 1e-9));
        expect(found.bottleneckMs).toBeGreaterThanOrEqual(found.boundMs);
      }),
    );
  });

  it('is the same for the same seed', () => {
    const run = () => partition(chain, { ...direct, ...search, random: seeded(5) });
    expect(run()).toEqual(run());
    expect(run()).toEqual({ stageOf: [0, 1, 1], stageMs: [3.1, 3.1], bottleneckMs: 3.1, boundMs: 3.1, proof: 'exact' });
  });

  it('takes the stored order alone when told to stop at once', () => {
    const stopped = partition(chain, { ...direct, ...search, random: seeded(5), shouldStop: () => true });
    expect(stopped).toMatchObject({ stageOf: [0, 1, 1], boundMs: 3, proof: 'bound' });
  });

  it('names the node that fits nowhere', () => {
    const small = { ...direct, ...search, random: seeded(1), memoryBytes: 51 };
    expect(() => partition(chain, small)).toThrow('node n1 alone needs 52 of 51 bytes');
    expect(partition(chain, { ...small, memoryBytes: 52 }).proof).toBe('exact');
  });

  it('says so when stages are too few for the memory', () => {
    const tied = { ...chain, weights: [0, 1, 2].map((at) => ({ name: `w${at}`, sizeBytes: 50, users: [at] })) };
    const asked = { ...direct, ...search, random: seeded(1), memoryBytes: 60 };
    expect(() => partition(tied, asked)).toThrow('no split found keeps each stage within 60 bytes');
    expect(partition(tied, { ...asked, stages: 3 }).stageOf).toEqual([0, 1, 2]);
  });

  it.each([{ stages: 0 }, { stages: 1.5 }, { bytesPerMs: 0 }, { bytesPerMs: Number.NaN }, { evaluations: 0 }])(
    'refuses %o',
    (bad) => {
      const run = () => partition(chain, { ...direct, ...search, random: seeded(1), ...bad });
      expect(codeOf(run)).toBe('partition-bad-terms');
    },
  );

  it('splits a graph without nodes into no stages', () => {
    const none = { nodes: [], tensors: [], weights: [] };
    expect(partition(none, { ...direct, ...search, random: seeded(1) })).toMatchObject({
      stageOf: [],
      bottleneckMs: 0,
    });
  });
});

describe('the exact program', () => {
  it('finds the least bottleneck of all partitions', () => {
    fc.assert(
      fc.property(graphs({ maxNodes: 7 }), terms(3), (graph, asked) => {
        const least = leastOf(graph, allPartitions(graph, asked.stages), asked);
        const best = exact(graph, asked, { idealLimit: 200 });
        if (best.kind !== 'optimum') {
          expect([best.kind, least]).toEqual(['none-below', undefined]);
          return;
        }
        expect(best.found.bottleneckMs).toBe(least);
        expect(bottleneckOf(graph, best.found.stageOf, asked)).toBe(least);
        expect(fits(graph, best.found.stageOf, asked)).toBe(true);
        expect(exact(graph, asked, { idealLimit: 200, belowMs: best.found.bottleneckMs })).toEqual({
          kind: 'none-below',
        });
      }),
    );
  });

  it('says when there are too many ideals, and stops when told to', () => {
    const loose = { ...chain, tensors: [] };
    expect(exact(loose, direct, { idealLimit: 7 })).toEqual({ kind: 'too-many-ideals' });
    expect(exact(loose, direct, { idealLimit: 8 }).kind).toBe('optimum');
    expect(exact(loose, direct, { idealLimit: 8, shouldStop: () => true })).toEqual({ kind: 'stopped' });
  });
});

describe('a graph contracted below a limit', () => {
  it('keeps the best partition below it, at the same cost', () => {
    fc.assert(
      fc.property(
        graphs({ maxNodes: 7 }),
        terms(3),
        fc.double({ min: 0.6, max: 2, noNaN: true }),
        (graph, given, factor) => {
          const { memoryBytes: _, ...asked } = given;
          const least = leastOf(graph, allPartitions(graph, asked.stages), asked) ?? 0;
          const belowMs = least * factor + 1e-9;
          const small = contractBelow(graph, asked, belowMs);
          const found = leastOf(small.graph, allPartitions(small.graph, asked.stages), asked) ?? 0;
          if (factor > 1) expect(found).toBe(least);
          else expect(found).toBeGreaterThanOrEqual(least);
        },
      ),
    );
  });
});

describe('moves across a boundary', () => {
  it('never make the slowest stage slower nor a tensor flow back, and leave no stage empty', () => {
    fc.assert(
      fc.property(graphs({ maxNodes: 6 }), terms(3), fc.nat(), (graph, asked, pick) => {
        const fitting = allPartitions(graph, asked.stages).filter((stageOf) => fits(graph, stageOf, asked));
        const start = fitting[pick % fitting.length];
        if (!start) return;
        const refined = refine(graph, start, asked);
        expect(bottleneckOf(graph, refined, asked)).toBeLessThanOrEqual(bottleneckOf(graph, start, asked) + 1e-9);
        expect(allPartitions(graph, asked.stages)).toContainEqual(refined);
        expect(fits(graph, refined, asked)).toBe(true);
      }),
    );
  });
});

describe('the search over orders', () => {
  const wide: WorkGraph = {
    nodes: Array.from({ length: 12 }, (_, at) => ({ name: `n${at}`, timeMs: 1 + (at % 5) })),
    tensors: [0, 1, 2].map((at) => ({
      ...{ name: `t${at}`, sizeBytes: 9, producer: at, isOutput: false },
      consumers: [at + 3, at + 6],
    })),
    weights: [],
  };
  const asked = { ...direct, stages: 5 };

  it('tries the stored order first', () => {
    const one = brkga(wide, asked, { evaluations: 1, random: seeded(3) });
    expect(one?.bottleneckMs).toBe(openSlicer(wide, asked)([...wide.nodes.keys()])?.bottleneckMs);
  });

  it('asks whether to stop before each further order, and stops', () => {
    const asks = (evaluations: number, stopAfter: number): number => {
      let count = 0;
      const shouldStop = () => {
        count += 1;
        return count > stopAfter;
      };
      brkga(wide, asked, { evaluations, random: seeded(3), shouldStop });
      return count;
    };
    expect(asks(100, 7)).toBeLessThanOrEqual(9);
    expect(asks(100, 1_000)).toBeGreaterThanOrEqual(99);
  });
});
