import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openHighs } from '../../adapters/highs/solve-lp.ts';
import type { WorkGraph } from '../graph.ts';
import { busiestStageBound, placedStageBound, simpleBound } from './bounds.ts';
import { superBlockLp } from './super-block-lp.ts';
import { allPartitions, graphs, leastOf, terms } from './testdata/graphs.ts';

const solve = await openHighs();
const few = { numRuns: 30 };

const line: WorkGraph = {
  nodes: [4, 4].map((timeMs, at) => ({ name: `n${at}`, timeMs })),
  tensors: [{ name: 't', sizeBytes: 30, producer: 0, consumers: [1], isOutput: false }],
  weights: [],
};
const direct = { stages: 2, bytesPerMs: 10, transfers: 'direct' as const };

describe('lower bounds', () => {
  it('never exceed the best partition, each at least the one before', () => {
    fc.assert(
      fc.property(graphs({ maxNodes: 7 }), terms(3), (graph, { memoryBytes: _, ...asked }) => {
        const least = leastOf(graph, allPartitions(graph, asked.stages), asked) ?? 0;
        const simple = simpleBound(graph, asked.stages);
        const busiest = busiestStageBound(graph, asked, solve, 10);
        const placed = placedStageBound(graph, asked, solve, 10);
        expect(simple).toBeLessThanOrEqual(busiest);
        expect(busiest).toBeLessThanOrEqual(placed * (1 + 1e-3));
        expect(placed).toBeLessThanOrEqual(least * (1 + 1e-9));
      }),
      few,
    );
  });

  it('see the transfer that the simple bound does not', () => {
    expect(simpleBound(line, 2)).toBe(4);
    expect(placedStageBound(line, direct, solve, 10)).toBeCloseTo(7, 2);
  });

  it('take what the solver has proven, infeasible places aside, and never less than the simple bound', () => {
    const says = (status: 'optimal' | 'infeasible' | 'time-limit', boundValue: number) => () => ({
      status,
      boundValue,
    });
    expect(placedStageBound(line, direct, says('time-limit', 1.5), 10)).toBeCloseTo(6, 2);
    expect(placedStageBound(line, direct, says('time-limit', Number.NEGATIVE_INFINITY), 10)).toBe(4);
    expect(placedStageBound(line, direct, says('infeasible', Number.NaN), 10)).toBe(4);
    const [first, second] = [says('infeasible', 0), says('optimal', 1.25)];
    let asked = 0;
    expect(placedStageBound(line, direct, () => (asked++ === 0 ? first() : second()), 10)).toBeCloseTo(5, 2);
  });

  it('write no line that a reader of the format would cut', () => {
    const wide = { ...line, nodes: Array.from({ length: 300 }, (_, at) => ({ name: `n${at}`, timeMs: Math.PI * at })) };
    const lines = superBlockLp(wide, { ...direct, stages: 4 }, 1, 2).split('\n');
    expect(Math.max(...lines.map((text) => text.length))).toBeLessThan(560);
  });
});
