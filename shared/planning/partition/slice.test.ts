import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StageOf, WorkGraph } from '../graph.ts';
import { segmentsOf } from '../segments.ts';
import { costsOf } from './costs.ts';
import { flatten } from './flat.ts';
import { openDecoder } from './orders.ts';
import { openSlicer } from './slice.ts';
import { allPartitions, bottleneckOf, graphs, leastOf, terms } from './testdata/graphs.ts';

const randomOrder = (graph: WorkGraph, seed: readonly number[]): number[] => [...openDecoder(flatten(graph))(seed)];
const keys = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 });
const isSlicing = (order: readonly number[]) => (stageOf: StageOf) =>
  order.every((node, at) => at === 0 || stageOf[order[at - 1]!]! <= stageOf[node]!);

/** The same graph with its nodes stored in another order, so that costs count activations in that order. */
const reordered = (graph: WorkGraph, order: readonly number[]): WorkGraph => {
  const at = (node: number): number => order.indexOf(node);
  const ascending = (nodes: readonly number[]): number[] => nodes.map(at).sort((a, b) => a - b);
  return {
    nodes: order.map((node) => graph.nodes[node]!),
    tensors: graph.tensors.map((tensor) => ({
      ...tensor,
      producer: tensor.producer === undefined ? undefined : at(tensor.producer),
      consumers: ascending(tensor.consumers),
    })),
    weights: graph.weights.map((weight) => ({ ...weight, users: ascending(weight.users) })),
  };
};

describe('slicing one order', () => {
  it('finds the best of all cuts, in both ways of transfer and with tied weights', () => {
    fc.assert(
      fc.property(graphs({ maxNodes: 7 }), terms(4), keys, (graph, asked, seed) => {
        const order = randomOrder(graph, seed);
        const stored = reordered(graph, order);
        const inOrder = stored.nodes.map((_, node) => node);
        const slicings = allPartitions({ ...stored, tensors: [] }, asked.stages).filter(isSlicing(inOrder));
        const sliced = openSlicer(stored, asked)(inOrder);
        expect(sliced?.bottleneckMs).toEqual(leastOf(stored, slicings, asked));
        expect(openSlicer(graph, asked)(order)?.bottleneckMs).toEqual(sliced?.bottleneckMs);
        if (sliced) expect(bottleneckOf(stored, sliced.stageOf, asked)).toBe(sliced.bottleneckMs);
      }),
    );
  });

  it('finds the same below a limit and nothing at it', () => {
    fc.assert(
      fc.property(graphs({ maxNodes: 12 }), terms(4), keys, (graph, asked, seed) => {
        const order = randomOrder(graph, [...seed, ...seed]);
        const slice = openSlicer(graph, asked);
        const free = slice(order);
        if (!free) return;
        expect(slice(order, free.bottleneckMs + 0.25)?.bottleneckMs).toBe(free.bottleneckMs);
        expect(slice(order, free.bottleneckMs)).toBeUndefined();
      }),
    );
  });

  it('counts as the table of segments and the plain count do', () => {
    fc.assert(
      fc.property(graphs({ minNodes: 2, maxNodes: 9 }), terms(4), fc.nat(), fc.nat(), (graph, asked, a, b) => {
        const n = graph.nodes.length;
        const [l, r] = [Math.min(a % n, b % n), Math.max(a % n, b % n)];
        const inOrder = graph.nodes.map((_, node) => node);
        const table = segmentsOf(graph, inOrder, asked.transfers);
        const stageOf = inOrder.map((node) => Number(node >= l && l > 0) + Number(node > r));
        const cost = costsOf(graph, stageOf, asked)[stageOf[l]!]!;
        const at = l * n + r;
        expect({
          workMs: table.workMs[r + 1]! - table.workMs[l]!,
          inMs: table.inBytes[at]! / asked.bytesPerMs,
          outMs: table.outBytes[at]! / asked.bytesPerMs,
          weightBytes: table.weightBytes[at],
          peakBytes: table.peakBytes[at],
        }).toEqual(cost);
      }),
    );
  });

  it('says when nothing fits the memory', () => {
    const graph: WorkGraph = {
      nodes: [{ name: 'n', timeMs: 1 }],
      tensors: [],
      weights: [{ name: 'w', sizeBytes: 11, users: [0] }],
    };
    const asked = { stages: 2, bytesPerMs: 1, transfers: 'direct' as const };
    expect(openSlicer(graph, { ...asked, memoryBytes: 10 })([0])).toBeUndefined();
    expect(openSlicer(graph, { ...asked, memoryBytes: 11 })([0])?.bottleneckMs).toBe(1);
  });
});
