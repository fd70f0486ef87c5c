import { describe, expect, it } from 'vitest';
import { computeNodes } from './compute-nodes.ts';
import { dataflow } from './dataflow.ts';
import { foldedGroups } from './folded.ts';
import { importModel } from './import-model.ts';
import { floats, node } from './testdata/build.ts';
import { smallFile } from './testdata/cutting.ts';
import { workGraph } from './work-graph.ts';

const WEIGHTS = ['k', 's', 'm', 'v', 'w'].map((name) => floats(name, [1]));
const conv = node('Conv', ['in', 'k'], 'c');
const norm = (from: string, to: string) => node('BatchNormalization', [from, 's', 's', 'm', 'v'], to);

const groups = (nodes: readonly ReturnType<typeof node>[], outputs: readonly string[] = ['out']) => {
  const { graph } = importModel(smallFile(nodes, { inputs: ['in', 'other'], outputs, weights: WEIGHTS })).model;
  const flow = dataflow(graph);
  const compute = computeNodes(graph, flow);
  return foldedGroups(graph, flow, compute).map((group) => group.map((i) => compute[i]?.output[0]).join(' '));
};

describe('what the runtime folds into a convolution', () => {
  it('is the normalisation, scale and shift by constants that follow it', () => {
    expect(groups([conv, norm('c', 'n'), node('Relu', ['n'], 'out')])).toEqual(['c n']);
    expect(
      groups([
        conv,
        norm('c', 'n'),
        node('Mul', ['w', 'n'], 'x'),
        node('Add', ['x', 'w'], 'y'),
        node('Relu', ['y'], 'out'),
      ]),
    ).toEqual(['c n x y']);
    expect(groups([node('ConvTranspose', ['in', 'k'], 'c'), norm('c', 'out')])).toEqual(['c out']);
  });

  it('is also by what is computed from constants alone', () => {
    expect(groups([conv, node('Neg', ['w'], 'computed'), node('Mul', ['c', 'computed'], 'out')])).toEqual(['c out']);
  });

  it.each([
    ['that another node reads too', [conv, norm('c', 'n'), node('Sub', ['n', 'c'], 'out')], ['out']],
    ['that the model gives out', [conv, norm('c', 'out')], ['out', 'c']],
    ['before something else', [conv, node('Relu', ['c'], 'r'), norm('r', 'out')], ['out']],
    ['scaled by what is fed', [conv, node('Mul', ['c', 'other'], 'out')], ['out']],
    ['scaled by what is computed', [conv, node('Neg', ['in'], 'x'), node('Mul', ['c', 'x'], 'out')], ['out']],
    ['squared', [conv, node('Mul', ['c', 'c'], 'out')], ['out']],
  ])('is nothing for one %s', (_, nodes, outputs) => {
    expect(groups(nodes, outputs)).toEqual([]);
  });

  it('shares a stage in plans', () => {
    const file = smallFile([conv, norm('c', 'n'), node('Relu', ['n'], 'out')], { weights: WEIGHTS });
    const tensor = { dtype: 'float32', dims: [1], sizeBytes: 4 };
    const profile = { nodes: { c: 1, n: 1, out: 1 }, tensors: { in: tensor, c: tensor, n: tensor, out: tensor } };
    expect(workGraph(importModel(file).model, profile).together).toEqual([[0, 1]]);
    const text = { ...profile, tensors: { ...profile.tensors, n: { ...tensor, dtype: 'no-numbers' } } };
    expect(workGraph(importModel(file).model, text).together).toEqual([[0, 1, 2]]);
  });
});
