import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { segmentsOf } from '../segments.ts';
import { assign } from './assign.ts';
import type { Objective } from './slicing.ts';
import { anyGraph, anySwarm, chainGraph, swarmOf } from './testdata/arbitrary.ts';
import { bruteForce, costOf } from './testdata/brute-force.ts';

const stored = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);
const OBJECTIVES: readonly Objective[] = ['throughput', 'latency'];
const machine = (name: string, speed = 1, memoryBytes = 1e12) => ({ name, speed, memoryBytes });
const LINK = { latencyMs: 1, bytesPerMs: 1000 };

describe.each(OBJECTIVES)('an assignment for %s', (objective) => {
  it('costs what the best of all subsets, orders and cuts costs', () => {
    const any = fc.tuple(anyGraph(6), anySwarm(4), fc.integer({ min: 1, max: 4 }));
    fc.assert(
      fc.property(any, ([graph, swarm, maxStages]) => {
        const order = stored(graph.nodes.length);
        const best = bruteForce(graph, order, swarm, objective, maxStages);
        const found = assign(segmentsOf(graph, order, 'relayed'), swarm, { objective, maxStages });
        expect(found?.costMs ?? Number.POSITIVE_INFINITY).toBeCloseTo(best, 9);
        if (found) expect(costOf(graph, order, swarm, objective, found.stages)).toBeCloseTo(best, 9);
      }),
      { numRuns: 300 },
    );
  });

  it('of many machines is valid, and never worse than the best single one', () => {
    const any = fc.tuple(anyGraph(6), anySwarm(4));
    fc.assert(
      fc.property(any, ([graph, { machines }]) => {
        const order = stored(graph.nodes.length);
        const many = Array.from({ length: 12 }, (_, i) => ({ ...machines[i % machines.length]!, name: `m${i}` }));
        const swarm = swarmOf(many, { latencyMs: 1, bytesPerMs: 2 });
        const found = assign(segmentsOf(graph, order, 'relayed'), swarm, { objective });
        const single = bruteForce(graph, order, swarm, objective, 1);
        expect(found?.costMs ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(single);
        if (!found) return;
        expect(found.search).toBe('heuristic');
        expect(costOf(graph, order, swarm, objective, found.stages)).toBeCloseTo(found.costMs, 9);
      }),
    );
  });

  it('of more nodes than cuts are read keeps those that make it fit', () => {
    const n = 400;
    const graph = chainGraph(Array(n).fill(1), 10, 100);
    // One placement only: 133 nodes at most on each of three, 1 on the last.
    const swarm = swarmOf(
      ['a', 'b', 'c', 'd'].map((name) => machine(name, 1, name === 'd' ? 120 : 133 * 100 + 20)),
      LINK,
    );
    const found = assign(segmentsOf(graph, stored(n), 'relayed'), swarm, { objective });
    expect(found).toMatchObject({ search: 'exact-order', cuts: { considered: 120, possible: 399 } });
    expect(found?.stages.length).toBe(4);
  });
});

describe('an assignment', () => {
  it('uses each of several equal machines when links are free', () => {
    const graph = chainGraph(Array(8).fill(3), 1);
    const swarm = swarmOf(
      ['a', 'b', 'c', 'd'].map((name) => machine(name)),
      { latencyMs: 0, bytesPerMs: 1e9 },
    );
    const found = assign(segmentsOf(graph, stored(8), 'relayed'), swarm, { objective: 'throughput' });
    expect(found?.stages.map(({ from, to }) => to - from)).toEqual([2, 2, 2, 2]);
  });

  it('leaves a weak machine out when even one node is too much for it', () => {
    const graph = chainGraph([10, 10, 10, 10], 1);
    const swarm = swarmOf([machine('weak', 0.1), machine('a'), machine('b')], LINK);
    const found = assign(segmentsOf(graph, stored(4), 'relayed'), swarm, { objective: 'throughput' });
    expect(found?.stages.map((stage) => stage.machine).sort()).toEqual([1, 2]);
  });

  it('gives a machine of twice the speed twice the work', () => {
    const graph = chainGraph(Array(9).fill(1), 0);
    const swarm = swarmOf([machine('a'), machine('b', 2)], LINK);
    const found = assign(segmentsOf(graph, stored(9), 'relayed'), swarm, { objective: 'throughput' });
    expect(found?.costMs).toBe(3);
    expect(found?.stages.find((stage) => stage.machine === 1)).toMatchObject({ machine: 1 });
  });

  it('goes round a slow link', () => {
    const graph = chainGraph(Array(6).fill(10), 1000);
    const swarm = swarmOf(
      ['a', 'b', 'c'].map((name) => machine(name)),
      LINK,
    );
    const slow = { latencyMs: 1, bytesPerMs: 10 };
    const links = swarm.links.map((row, from) => row.map((link, to) => (from + to === 1 ? slow : link)));
    const found = assign(segmentsOf(graph, stored(6), 'relayed'), { ...swarm, links }, { objective: 'throughput' });
    // Machines 0 and 1 are far from each other, so 2 stands between them.
    expect(found?.stages[1]?.machine).toBe(2);
    expect(found?.costMs).toBe(22);
  });

  it('is not made when nothing fits', () => {
    const swarm = swarmOf([machine('a', 1, 150)], LINK);
    const segments = segmentsOf(chainGraph([1, 1], 1, 100), stored(2), 'relayed');
    expect(assign(segments, swarm, { objective: 'latency' })).toBeUndefined();
  });
});
