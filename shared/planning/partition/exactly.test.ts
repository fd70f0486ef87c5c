import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WorkGraph } from '../graph.ts';
import { inExactly } from './exactly.ts';

const chain = (times: readonly number[]): WorkGraph => ({
  nodes: times.map((timeMs, i) => ({ name: `n${i}`, timeMs })),
  tensors: [],
  weights: [],
});

describe('in exactly so many stages', () => {
  it('parts the slowest where its halves are most nearly equal, as often as needed', () => {
    const graph = chain([1, 1, 1, 5, 1, 1]);
    expect(inExactly(graph, [0, 0, 0, 1, 1, 1], 3)).toEqual([0, 0, 0, 1, 2, 2]);
    expect(inExactly(graph, [0, 0, 0, 1, 1, 1], 6)).toEqual([0, 1, 2, 3, 4, 5]);
    // The slowest is one node: the next one is parted.
    expect(inExactly(chain([9, 1, 1]), [0, 1, 1], 3)).toEqual([0, 1, 2]);
  });

  it('keeps what is there already', () => {
    expect(inExactly(chain([1, 2, 3]), [0, 0, 1], 2)).toEqual([0, 0, 1]);
    expect(inExactly(chain([1]), [0], 1)).toEqual([0]);
  });

  it('refuses more stages than nodes', () => {
    expect(() => inExactly(chain([1, 1]), [0, 0], 3)).toThrow('3 stages asked for; nodes that can be parted: 2');
    expect(() => inExactly(chain([]), [], 1)).toThrow('1 stages asked for; nodes that can be parted: 0');
  });

  it('only refines: every stage has nodes, and nodes that were apart stay apart in order', () => {
    const cases = fc
      .array(fc.record({ timeMs: fc.nat(9), jump: fc.nat(1) }), { minLength: 1, maxLength: 12 })
      .chain((nodes) => fc.record({ nodes: fc.constant(nodes), stages: fc.integer({ min: 1, max: nodes.length }) }));
    fc.assert(
      fc.property(cases, ({ nodes, stages }) => {
        let stage = 0;
        const before = nodes.map(({ jump }, i) => {
          stage += i === 0 ? 0 : jump;
          return stage;
        });
        const after = inExactly(chain(nodes.map(({ timeMs }) => timeMs)), before, stages);
        const used = [...new Set(after)].sort((a, b) => a - b);
        expect(used).toEqual([...Array(Math.max(stages, stage + 1)).keys()]);
        for (const [i, a] of after.entries()) {
          expect(a).toBeGreaterThanOrEqual(after[i - 1] ?? 0);
          if (before[i] !== before[i - 1] && i > 0) expect(a).not.toBe(after[i - 1]);
        }
      }),
    );
  });
});
