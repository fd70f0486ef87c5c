import { describe, expect, it } from 'vitest';
import type { WorkGraph } from '../graph.ts';
import type { Swarm } from '../swarm.ts';
import { candidateOrders } from './candidate-orders.ts';
import { planPlacement } from './plan.ts';

const swarm = (count: number): Swarm => ({
  machines: Array.from({ length: count }, (_, i) => ({ name: `m${i}`, speed: 1, memoryBytes: 1e9 })),
  links: Array.from({ length: count }, () => Array.from({ length: count }, () => ({ latencyMs: 0, bytesPerMs: 1e3 }))),
});

const tensor = (name: string, producer: number | undefined, consumers: number[], sizeBytes: number) => ({
  name,
  sizeBytes,
  producer,
  consumers,
  isOutput: consumers.length === 0,
});

/** Two chains of four side by side, stored by turns: a stage of the stored order passes both, one of each chain none. */
const woven: WorkGraph = {
  nodes: Array.from({ length: 8 }, (_, i) => ({ name: `n${i}`, timeMs: 10 })),
  tensors: [
    tensor('in', undefined, [0, 1], 0),
    ...Array.from({ length: 8 }, (_, i) => tensor(`t${i}`, i, i < 6 ? [i + 2] : [], i < 6 ? 8_000 : 0)),
  ],
  weights: [],
};
const stored = [...woven.nodes.keys()];

describe('orders worth placing', () => {
  it('are topological ones, the stored one first, the same every time', () => {
    const orders = candidateOrders(woven, swarm(2));
    expect(orders[0]).toEqual(stored);
    expect(candidateOrders(woven, swarm(2))).toEqual(orders);
    for (const order of orders) {
      expect(order.toSorted((a, b) => a - b)).toEqual(stored);
      for (const { producer, consumers } of woven.tensors)
        for (const reader of consumers) expect(order.indexOf(producer ?? -1)).toBeLessThan(order.indexOf(reader));
    }
  });

  it('let a plan be better than the stored order alone', () => {
    const plan = (orders?: readonly (readonly number[])[]) =>
      planPlacement(woven, swarm(2), { objective: 'throughput', orders });
    expect(plan()).toMatchObject({ bottleneckMs: 56 });
    expect(plan(candidateOrders(woven, swarm(2)))).toMatchObject({ bottleneckMs: 40, gap: 1 });
  });

  it('are the stored one alone on one machine', () => {
    expect(candidateOrders(woven, swarm(1))).toEqual([stored]);
  });

  it('exist for one node, and for more machines than nodes', () => {
    const one: WorkGraph = { nodes: [{ name: 'n', timeMs: 1 }], tensors: [], weights: [] };
    for (const order of candidateOrders(one, swarm(3))) expect(order).toEqual([0]);
    for (const order of candidateOrders({ ...one, nodes: [] }, swarm(3))) expect(order).toEqual([]);
  });
});
