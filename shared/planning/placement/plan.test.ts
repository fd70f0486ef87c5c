import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadInputError } from '../../errors.ts';
import type { WorkGraph } from '../graph.ts';
import type { LinkSpeed, Swarm } from '../swarm.ts';
import { boundMs } from './bounds.ts';
import { planPlacement } from './plan.ts';
import type { Plan } from './planned.ts';
import type { Refused } from './refusal.ts';
import type { Objective } from './slicing.ts';
import { anyGraph, anySwarm, chainGraph, swarmOf } from './testdata/arbitrary.ts';
import { bruteForce } from './testdata/brute-force.ts';

const GB = 1e9;
const machine = (name: string, speed = 1, memoryBytes = 100 * GB) => ({ name, speed, memoryBytes });
const LINK: LinkSpeed = { latencyMs: 2, bytesPerMs: 1000 };
const OBJECTIVES: readonly Objective[] = ['throughput', 'latency'];

const planned = (plan: Plan | Refused): Plan => {
  if (plan.kind === 'refused') throw new Error(plan.reasons.join('; '));
  return plan;
};
const reasons = (plan: Plan | Refused): readonly string[] => (plan.kind === 'refused' ? plan.reasons : []);

const topologicalOrders = (graph: WorkGraph): readonly (readonly number[])[] => {
  const after = (done: readonly number[]): readonly (readonly number[])[] => {
    if (done.length === graph.nodes.length) return [done];
    const ready = graph.nodes
      .map((_, node) => node)
      .filter((node) => !done.includes(node))
      .filter((node) =>
        graph.tensors.every(({ producer, consumers }) => !consumers.includes(node) || done.includes(producer ?? -1)),
      );
    return ready.flatMap((node) => after([...done, node]));
  };
  return after([]);
};

describe('a placement preview', () => {
  it('says what each stage and link takes', () => {
    const swarm = swarmOf([machine('a', 2, 40_000), machine('b', 1, 40_000)], LINK);
    const plan = planned(planPlacement(chainGraph([4, 4, 3], 500, 10_000), swarm, { objective: 'throughput' }));
    expect(plan).toMatchObject({
      kind: 'plan',
      search: 'exact-order',
      cuts: { considered: 2, possible: 2 },
      stages: [
        { machine: 'a', nodes: [0, 1], computeMs: 4, inMs: 0, outMs: 0.5, weightBytes: 20_000, peakBytes: 1000 },
        { machine: 'b', nodes: [2], computeMs: 3, inMs: 0.5, outMs: 0, weightBytes: 10_000, memoryBytes: 40_000 },
      ],
      links: [{ from: 'a', to: 'b', bytes: 500, ms: 2.5 }],
      bottleneckMs: 4.5,
      bottleneckAt: 'stage 1 of 2 on a, 4.5 ms: compute 4 ms, in 0 ms, out 0.5 ms',
      latencyMs: 9.5,
      throughputPerS: 1000 / 4.5,
      oneMachine: { name: 'a', ms: 5.5 },
    });
    expect(plan.gap).toBeCloseTo(4.5 / (11 / 3), 9);
    expect(plan.advice).toEqual([
      'several machines take 1.2 times as many requests as one: a alone takes 5.5 ms for each',
      'one request alone would be faster there: 5.5 ms instead of 9.5 ms',
    ]);
  });

  it('names the link when that takes the most', () => {
    const swarm = swarmOf([machine('a', 1, 2.5 * GB), machine('b', 1, 2.5 * GB)], LINK);
    const plan = planned(planPlacement(chainGraph([1, 1, 1], 5000, GB), swarm, { objective: 'throughput' }));
    expect(plan.bottleneckAt).toMatch(/^the link a -> b in stage 1 of 2 on a, 7 ms/);
  });

  it('says that one machine is faster than several, and why', () => {
    const swarm = swarmOf([machine('a', 2), machine('b')], LINK);
    const graph = chainGraph([1, 1], 10_000);
    const plan = planned(planPlacement(graph, swarm, { objective: 'throughput' }));
    expect(plan.stages.length).toBe(1);
    expect(plan.advice).toEqual([
      'one machine is faster than several: a alone takes 1 ms; handing on costs each side at least 10 ms, and no split saves as much as its own handing on',
      'b is left out: any stage on it would take at least 2 ms with its links, more than the slowest stage of this plan, 1 ms',
    ]);
    const alone = planned(planPlacement(graph, swarm, { objective: 'latency' }));
    expect(alone).toMatchObject({ latencyMs: 1, boundMs: 1, gap: 1 });
    expect(alone.advice).toEqual([
      'one machine is faster than several for one request: a alone takes 1 ms; a split saves no work, and each hop costs at least 12 ms',
      'b is left out: it is no faster than those used, and a hop to it costs at least 12 ms',
    ]);
  });

  it('says why each machine is left out', () => {
    const swarm = swarmOf([machine('a'), machine('slow', 0.01), machine('small', 1, 5), machine('late')], LINK);
    const plan = planned(planPlacement(chainGraph([9, 9], 10), swarm, { objective: 'throughput', maxStages: 1 }));
    expect(plan.advice.slice(1)).toEqual([
      'slow is left out: any stage on it would compute for at least 900 ms, more than the slowest stage of this plan, 18 ms',
      'small is left out: its 5 B hold not one node',
      'late is left out: 1 stage is the most allowed',
    ]);
  });

  it('takes the best of the orders given', () => {
    // Two chains of two: depth first hands on one tensor in the middle, breadth first two.
    const graph: WorkGraph = {
      nodes: ['a0', 'b0', 'a1', 'b1'].map((name) => ({ name, timeMs: 1 })),
      tensors: [0, 1].map((i) => ({
        name: `t${i}`,
        sizeBytes: 1000,
        producer: i,
        consumers: [i + 2],
        isOutput: false,
      })),
      weights: [],
    };
    const swarm = swarmOf([machine('a'), machine('b')], LINK);
    const orders = [
      [0, 1, 2, 3],
      [0, 2, 1, 3],
    ];
    const plan = planned(planPlacement(graph, swarm, { objective: 'throughput', orders }));
    expect(plan.stages.map(({ nodes }) => nodes)).toEqual([
      [0, 2],
      [1, 3],
    ]);
    expect(plan).toMatchObject({ bottleneckMs: 2, boundMs: 2, gap: 1 });
  });

  it('takes a stronger bound when there is one', () => {
    const swarm = swarmOf([machine('a', 2), machine('b')], LINK);
    const boundOf = ({ nodes }: WorkGraph, stages: number, bytesPerMs: number): number =>
      stages === 2 && bytesPerMs === 1000 ? (nodes[0]?.timeMs ?? 0) * 1.5 : 0;
    const plan = planned(planPlacement(chainGraph([4, 2], 0), swarm, { objective: 'throughput', boundOf }));
    expect(plan.boundMs).toBe(3);
  });
});

describe('bounds', () => {
  it.each(OBJECTIVES)('are below every placement of every order: %s', (objective) => {
    fc.assert(
      fc.property(anyGraph(4), anySwarm(3), fc.integer({ min: 1, max: 3 }), (graph, swarm, maxStages) => {
        const bound = boundMs(graph, swarm, objective, maxStages);
        for (const order of topologicalOrders(graph)) {
          const best = bruteForce(graph, order, swarm, objective, maxStages);
          expect(bound).toBeLessThanOrEqual(best + 1e-9);
        }
      }),
    );
  });

  it('know that a fast machine with little memory cannot do all', () => {
    const swarm = swarmOf([machine('fast', 100, 2.5 * GB), machine('slow', 1)], LINK);
    const graph = chainGraph(Array(10).fill(10), 0, GB);
    // 7.5 nodes at least are left for the slow one.
    expect(boundMs(graph, swarm, 'throughput', 2)).toBeCloseTo(75, 9);
    expect(boundMs(graph, swarm, 'latency', 2)).toBeCloseTo(75.25 + 2, 9);
  });
});

describe('a refusal', () => {
  const options = { objective: 'throughput' } as const;

  it('names the node that fits nowhere, and what would fit', () => {
    const graph = chainGraph([1, 1], 0, 1.2 * GB);
    const swarm = swarmOf([machine('a', 1, 0.25 * GB), machine('b', 1, 0.5 * GB)], LINK);
    expect(reasons(planPlacement(graph, swarm, options))).toEqual([
      'node n0 needs 1.2 GB, the largest machine, b, has 500 MB: a machine with 1.2 GB or more would fit',
      'a has 250 MB: not one node, the smallest needs 1.2 GB',
      'b has 500 MB: not one node, the smallest needs 1.2 GB',
    ]);
  });

  it('says how far all machines together get', () => {
    const graph = chainGraph([1, 1, 1, 1], 0, GB);
    const swarm = swarmOf([machine('a', 1, GB), machine('b', 1, 2 * GB)], LINK);
    expect(reasons(planPlacement(graph, swarm, options))).toEqual([
      'the 2 machines together hold 3 of 4 nodes, up to n2; node n3 and what follows need 1 GB more: one more machine with as much, or one with 4 GB for all, would fit',
      'a has 1 GB: at most 1 of 4 nodes in a row, such as n0 to n0',
      'b has 2 GB: at most 2 of 4 nodes in a row, such as n0 to n1',
    ]);
    const few = planPlacement(graph, swarm, { ...options, maxStages: 1 });
    expect(reasons(few)[0]).toMatch(/^the 2 machines together hold in 1 stage 2 of 4 nodes/);
  });

  it.each<[string, Swarm, RegExp]>([
    ['no machines', { machines: [], links: [] }, /no machines/],
    ['a speed of 0', swarmOf([machine('a', 0)], LINK), /machine a has speed 0, allowed are finite numbers over 0/],
    ['a speed that is no number', swarmOf([machine('a', Number.NaN)], LINK), /speed NaN/],
    ['a memory that is no number', swarmOf([machine('a', 1, Number.NaN)], LINK), /memory of NaN bytes/],
    ['two machines of one name', swarmOf([machine('a'), machine('a')], LINK), /2 machines have 1 names/],
    ['too few rows', { machines: [machine('a'), machine('b')], links: [[LINK, LINK]] }, /1 rows, allowed is 2 by 2/],
    ['a short row', { machines: [machine('a'), machine('b')], links: [[LINK, LINK], [LINK]] }, /a row of 1/],
    [
      'a latency below 0',
      swarmOf([machine('a'), machine('b')], { ...LINK, latencyMs: -1 }),
      /a -> b has a latency of -1/,
    ],
    ['no bandwidth', swarmOf([machine('a'), machine('b')], { ...LINK, bytesPerMs: 0 }), /a -> b has 0 bytes\/ms/],
  ])('of a swarm with %s says what was received', (_what, swarm, message) => {
    const run = () => planPlacement(chainGraph([1], 1), swarm, options);
    expect(run).toThrow(BadInputError);
    expect(run).toThrow(message);
  });

  it('of other options says what was received', () => {
    const swarm = swarmOf([machine('a')], LINK);
    const graph = chainGraph([1, 1], 1);
    expect(() => planPlacement(graph, swarm, { ...options, maxStages: 0 })).toThrow(/at most 0 stages/);
    expect(() => planPlacement(graph, swarm, { ...options, orders: [[0, 0]] })).toThrow(/names 1 nodes in 2 places/);
    expect(() => planPlacement(chainGraph([], 1), swarm, options)).toThrow(/no nodes/);
  });
});
