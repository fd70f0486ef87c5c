import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WorkGraph } from '../graph.ts';
import { checkGraph } from './check-graph.ts';
import { contract } from './contract.ts';
import { bottleneckOf, graphs } from './testdata/graphs.ts';

const graphOf = (timesMs: readonly number[], edges: readonly (readonly [number, number[]])[]): WorkGraph => ({
  nodes: timesMs.map((timeMs, at) => ({ name: `n${at}`, timeMs })),
  tensors: edges.map(([producer, consumers], at) => ({
    ...{ name: `t${at}`, sizeBytes: 1 + at, producer, consumers, isOutput: false },
  })),
  weights: [{ name: 'w', sizeBytes: 5, users: [0, 1] }],
});

describe('contraction', () => {
  it('fuses groups, then what lies on a cycle, and sorts topologically', () => {
    const { graph, members } = contract(
      graphOf(
        [1, 2, 4, 8, 16],
        [
          [4, [0]],
          [0, [1, 2]],
          [1, [3]],
          [3, [2]],
        ],
      ),
      [[0, 3]],
    );
    expect(members).toEqual([[4], [0, 1, 3], [2]]);
    expect(graph.nodes).toEqual([
      { name: 'n4', timeMs: 16 },
      { name: 'n0', timeMs: 11 },
      { name: 'n2', timeMs: 4 },
    ]);
    expect(graph.weights).toEqual([{ name: 'w', sizeBytes: 5, users: [1] }]);
    expect(() => checkGraph(graph)).not.toThrow();
  });

  it('keeps one tensor of each original producer', () => {
    const { graph } = contract(
      graphOf(
        [1, 1, 1],
        [
          [0, [2]],
          [1, [2]],
        ],
      ),
      [[0, 1]],
    );
    expect(graph.tensors.map(({ producer, consumers, sizeBytes }) => [producer, consumers, sizeBytes])).toEqual([
      [0, [1], 1],
      [0, [1], 2],
    ]);
  });

  it('costs what the original costs in the same stages', () => {
    fc.assert(
      fc.property(graphs({ maxNodes: 9 }), fc.nat(), fc.nat(), (original, a, b) => {
        const n = original.nodes.length;
        const { graph, members } = contract(original, a % n === b % n ? [] : [[a % n, b % n]]);
        checkGraph(graph);
        const stageOf = graph.nodes.map((_, node) => Number(node >= graph.nodes.length / 2));
        const stages = stageOf[0] === 0 ? stageOf : stageOf.map(() => 0);
        const whole: number[] = [];
        members.forEach((nodes, at) => {
          for (const node of nodes) whole[node] = stages[at]!;
        });
        for (const transfers of ['direct', 'relayed'] as const) {
          const terms = { stages: 2, bytesPerMs: 1, transfers };
          expect(bottleneckOf(graph, stages, terms)).toBe(bottleneckOf(original, whole, terms));
        }
      }),
    );
  });

  it('sorts a long chain stored backwards', () => {
    const n = 20_000;
    const edges = Array.from({ length: n - 1 }, (_, at) => [at + 1, [at]] as const);
    const { members } = contract(
      graphOf(
        Array(n).fill(1),
        edges.map(([producer, readers]) => [producer, [...readers]]),
      ),
    );
    expect(members[0]).toEqual([n - 1]);
    expect(members).toHaveLength(n);
  });
});

describe('what is no work graph', () => {
  const good = graphOf(
    [1, 1, 1],
    [
      [0, [1, 2]],
      [1, [2]],
    ],
  );
  const codeOf = (graph: WorkGraph): unknown => {
    try {
      return checkGraph(graph);
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it('is told from one', () => {
    fc.assert(fc.property(graphs({ maxNodes: 9 }), (graph) => checkGraph(graph)));
    expect(codeOf(good)).toBeUndefined();
  });

  it('names nodes of a cycle', () => {
    const cyclic = graphOf(
      [1, 1, 1],
      [
        [0, [1]],
        [1, [2]],
        [2, [1]],
      ],
    );
    expect(codeOf(cyclic)).toBe('graph-cyclic');
    expect(() => checkGraph(cyclic)).toThrow('2 nodes lie on a cycle, among them n1, n2');
    expect(codeOf(graphOf([1, 1], [[0, [0]]]))).toBe('graph-cyclic');
  });

  it('names a node that comes after its reader', () => {
    const backwards = graphOf([1, 1], [[1, [0]]]);
    expect(codeOf(backwards)).toBe('graph-unordered');
    expect(() => checkGraph(backwards)).toThrow('node n1 comes after a node that reads from it');
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('has a number of %s', (bad) => {
    expect(codeOf({ ...good, nodes: [{ name: 'n', timeMs: bad }] })).toBe('graph-bad-number');
    expect(codeOf({ ...good, weights: [{ name: 'w', sizeBytes: bad, users: [0] }] })).toBe('graph-bad-number');
  });

  it.each([[[3]], [[-1]], [[1.5]], [[2, 1]], [[1, 1]]])('has readers %j', (readers) => {
    expect(codeOf(graphOf([1, 1, 1], [[0, readers]]))).toBe('graph-bad-index');
  });
});
