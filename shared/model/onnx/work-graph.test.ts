import { describe, expect, it } from 'vitest';
import type { Profile } from '../profile.ts';
import { importModel } from './import-model.ts';
import { floats, graph, info, node } from './testdata/build.ts';
import { smallFile } from './testdata/cutting.ts';
import { refusal } from './testdata/refusal.ts';
import { workGraph } from './work-graph.ts';

const tensor = (sizeBytes: number) => ({ dtype: 'float32', dims: [sizeBytes / 4], sizeBytes });
const profile = (nodes: Record<string, number>, tensors: Record<string, number>): Profile => ({
  nodes,
  tensors: Object.fromEntries(Object.entries(tensors).map(([name, size]) => [name, tensor(size)])),
});
const work = (file: Uint8Array, seen: Profile, state: { input: string; output: string }[] = []) =>
  workGraph(importModel(file).model, seen, { state });

const body = graph({
  node: [node('Add', ['a', 'inner'], 'r')],
  initializer: [floats('inner', [1])],
  output: [info('r')],
});
const file = smallFile(
  [
    node('Transpose', ['w'], 'derived'),
    node('Shape', ['w'], 'scalar'),
    node('Split', ['in', 'big'], ['a', 'unread', 'side']),
    node('Add', ['a', 'derived', 'big', 'scalar'], 'b'),
    node('If', ['side'], 'out', { then_branch: body }),
  ],
  {
    inputs: ['in', 'unused'],
    outputs: ['out', 'b'],
    weights: [floats('w', [1, 2]), floats('big', Array(300).fill(0))],
  },
);
const full = profile({ a: 1, b: 2, out: 3 }, { in: 4, a: 8, side: 12, b: 16, out: 20, derived: 24 });

describe('the work of a model', () => {
  it('is its compute nodes in order, tensors between them, and weights by their users', () => {
    const { graph, together } = work(file, full);
    expect(graph.nodes).toEqual([
      { name: 'a', timeMs: 1 },
      { name: 'b', timeMs: 2 },
      { name: 'out', timeMs: 3 },
    ]);
    expect(graph.tensors).toEqual([
      { name: 'in', sizeBytes: 4, producer: undefined, consumers: [0], isOutput: false },
      { name: 'a', sizeBytes: 8, producer: 0, consumers: [1, 2], isOutput: false },
      { name: 'side', sizeBytes: 12, producer: 0, consumers: [2], isOutput: false },
      { name: 'b', sizeBytes: 16, producer: 1, consumers: [], isOutput: true },
      { name: 'out', sizeBytes: 20, producer: 2, consumers: [], isOutput: true },
    ]);
    expect(graph.weights).toEqual([
      { name: 'w', sizeBytes: 8, users: [1] },
      { name: 'big', sizeBytes: 1200, users: [0, 1] },
      { name: 'derived', sizeBytes: 24, users: [1] },
      { name: 'bodies of out', sizeBytes: 4, users: [2] },
    ]);
    expect(together).toEqual([]);
  });

  it('is refused when the profile lacks a time or a size, naming which', () => {
    const without = (part: 'nodes' | 'tensors', name: string): Profile => {
      const rest = Object.fromEntries(Object.entries(full[part]).filter(([key]) => key !== name));
      return { ...full, [part]: rest };
    };
    for (const name of ['in', 'a', 'out']) {
      const refused = refusal(() => work(file, without('tensors', name)));
      expect(refused).toMatchObject({ code: 'profile-incomplete', details: { name } });
    }
    expect(refusal(() => work(file, without('nodes', 'b'))).details).toEqual({ name: 'b' });
  });

  it('keeps the users of a state together, and states out of the tensors', () => {
    const recurrent = smallFile(
      [
        node('Op', ['in', 'h'], 'x'),
        node('Neg', ['x'], 'y'),
        node('Op', ['y', 'c'], 'hn'),
        node('Op', ['hn'], 'cn'),
        node('Neg', ['y'], 'out'),
      ],
      { inputs: ['in', 'h', 'c'], outputs: ['out', 'hn', 'cn'] },
    );
    const seen = profile({ x: 1, y: 1, hn: 1, cn: 1, out: 1 }, { in: 4, x: 4, y: 4, hn: 4, out: 4 });
    const one = work(recurrent, seen, [
      { input: 'h', output: 'hn' },
      { input: 'c', output: 'cn' },
    ]);
    expect(one.together).toEqual([[0, 2, 3]]);
    expect(one.graph.tensors.map((t) => [t.name, t.isOutput])).toEqual([
      ['in', false],
      ['x', false],
      ['y', false],
      ['hn', false],
      ['out', true],
    ]);
    expect(refusal(() => work(recurrent, seen, [{ input: 'x', output: 'hn' }])).code).toBe('state-unknown');
  });
});
