import { describe, expect, it } from 'vitest';
import { dataflow } from './dataflow.ts';
import { floats, graph, info, node } from './testdata/build.ts';

const readsOf = (reader: ReturnType<typeof node>): string[] => {
  const outer = graph({ node: [reader], input: [info('in')], output: [info('out')] });
  return [...new Set(dataflow(outer).reads(reader))].sort();
};

describe('what a node of control flow reads', () => {
  it('is what its bodies take from outside, at any depth', () => {
    const inner = graph({
      node: [node('Add', ['deep', 'mine'], 'x'), node('Add', ['x', 'outerMade'], 'r')],
      initializer: [floats('mine', [1])],
      output: [info('r')],
    });
    const outer = graph({
      node: [node('Neg', ['shallow'], 'outerMade'), node('If', ['outerMade'], 's', { then_branch: inner })],
      output: [info('s')],
    });
    expect(readsOf(node('If', ['condition'], 'out', { then_branch: outer }))).toEqual(['condition', 'deep', 'shallow']);
  });

  it('leaves out what a body names itself: its inputs, its constants, what its nodes make', () => {
    const body = graph({
      node: [node('Add', ['step', 'w'], 'a'), node('Add', ['a', '', 'outside'], 'b')],
      initializer: [floats('w', [1])],
      sparseInitializer: [{ values: floats('sparse', [1]) }],
      input: [info('step')],
      output: [info('b'), info('sparse')],
    });
    expect(readsOf(node('Loop', ['times', ''], 'out', { body }))).toEqual(['outside', 'times']);
  });

  it('counts an outer name that a body only gives out, and one whose twin a deeper body hides', () => {
    const hiding = graph({ node: [node('Neg', ['x'], 'r')], initializer: [floats('x', [1])], output: [info('r')] });
    const body = graph({
      node: [node('If', ['x'], 's', { then_branch: hiding })],
      output: [info('s'), info('given')],
    });
    expect(readsOf(node('If', ['c'], 'out', { then_branch: body }))).toEqual(['c', 'given', 'x']);
    expect(readsOf(node('If', ['c'], 'out', { then_branch: hiding }))).toEqual(['c']);
  });
});
