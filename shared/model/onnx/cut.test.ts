import { describe, expect, it } from 'vitest';
import { cutStages } from './cut.ts';
import { importModel, openModel } from './import-model.ts';
import { readModel } from './model-file.ts';
import { floats, graph, info, node, onnxFile } from './testdata/build.ts';
import { contents, cutBy, smallFile } from './testdata/cutting.ts';
import { refusal } from './testdata/refusal.ts';

/** in -> a -> b -> c -> out; w1 before b, w2 after it, w both; k is a constant used on both sides, negated on one. */
const chain = (declared = true) =>
  smallFile(
    [
      node('Constant', [], 'k', { value: floats('', [2]) }),
      node('Neg', ['k'], 'negative'),
      node('Add', ['in', 'w1'], 'a'),
      node('Mul', ['a', 'k', 'w'], 'b'),
      node('Add', ['b', 'w2', 'negative'], 'c'),
      node('Mul', ['c', 'w', 'k'], 'out'),
    ],
    { weights: ['w1', 'w2', 'w'].map((name) => floats(name, [1])), declared },
  );

describe('a stage', () => {
  it('holds its own weights, and constants where they are used', () => {
    expect(cutBy(chain(), ['a b', 'c out']).map(contents)).toEqual([
      { in: 'in', nodes: 'a b', out: 'b', weights: 'w1 w k' },
      { in: 'b', nodes: 'negative c out', out: 'out', weights: 'w2 w k' },
    ]);
  });

  it('lists which parts of the weights file it reads', () => {
    const weights = ['w1', 'w2', 'w'].map((name) => floats(name, Array(256).fill(1)));
    const nodes = [node('Add', ['in', 'w1', 'w'], 'a'), node('Add', ['a', 'w2'], 'b'), node('Add', ['b', 'w'], 'out')];
    const ranges = cutBy(smallFile(nodes, { weights }), ['a', 'b', 'out']).map((stage) => stage.ranges);
    expect(ranges).toEqual([
      [
        { offsetBytes: 0, sizeBytes: 1024 },
        { offsetBytes: 2048, sizeBytes: 1024 },
      ],
      [{ offsetBytes: 1024, sizeBytes: 1024 }],
      [{ offsetBytes: 2048, sizeBytes: 1024 }],
    ]);
  });

  it('holds weights inside when the model was not imported but opened', () => {
    const weights = [floats('w', Array(256).fill(1))];
    const model = openModel(smallFile([node('Add', ['in', 'w'], 'a'), node('Neg', ['a'], 'out')], { weights }));
    const [first] = cutStages(model, (key) => (key === 'a' ? 0 : 1));
    expect(first?.ranges).toEqual([]);
    expect(readModel(first!.graph).graph.initializer[0]?.rawData).toHaveLength(1024);
  });

  it('keeps operator sets, version, unknown fields, and has the same bytes each time', () => {
    // ModelProto.doc_string is field 6, not in onnx.proto: tag 0x32.
    const file = new Uint8Array([...chain(), 0x32, 2, 0x68, 0x69]);
    const [once, twice] = [cutBy(file, ['a b', 'c out']), cutBy(file, ['a b', 'c out'])];
    expect(once).toEqual(twice);
    for (const stage of once) {
      const { model } = readModel(stage.graph);
      expect(model.irVersion).toBe('8');
      expect(model.opsetImport.map((o) => o.domain)).toEqual(['', 'com.example']);
      expect([...stage.graph.slice(-4)]).toEqual([0x32, 2, 0x68, 0x69]);
    }
  });

  it('is the whole model when there is one', () => {
    const [whole] = cutBy(chain(), ['a b c out']);
    expect(contents(whole!)).toEqual({ in: 'in', nodes: 'negative a b c out', out: 'out', weights: 'w1 w2 w k' });
  });
});

describe('a chain', () => {
  it('passes on what later stages need, in the same order on both sides', () => {
    const file = smallFile(
      [
        node('Neg', ['in'], 'a'),
        node('Neg', ['a'], 'b'),
        node('Split', ['b'], ['c', '', 'd']),
        node('Add', ['c', 'late'], 'e'),
        node('Add', ['e', 'a', 'd'], 'out'),
      ],
      { inputs: ['in', 'late', 'unused'] },
    );
    const stages = cutBy(file, ['a b', 'c', 'e', 'out']);
    expect(stages.map(({ inputs, outputs }) => [inputs.join(' '), outputs.join(' ')])).toEqual([
      ['in late unused', 'late a b'],
      ['late a b', 'late a c d'],
      ['late a c d', 'a d e'],
      ['a d e', 'out'],
    ]);
    expect(stages.map(contents)).toMatchObject([
      { in: 'in late unused', nodes: 'a b', out: 'late a b' },
      { in: 'late a b', nodes: 'c,d', out: 'late a c d' },
      { in: 'late a c d', nodes: 'e', out: 'a d e' },
      { in: 'a d e', nodes: 'out', out: 'out' },
    ]);
  });

  it("gives the model's outputs at its end, in their order, whoever makes them", () => {
    const file = smallFile([node('Neg', ['in'], 'early'), node('Neg', ['early'], 'b'), node('Neg', ['b'], 'late')], {
      outputs: ['late', 'in', 'early', 'w'],
      weights: [floats('w', [1])],
    });
    const stages = cutBy(file, ['early', 'b', 'late']);
    expect(stages.map((s) => s.outputs.join(' '))).toEqual(['in early', 'in early b', 'late in early w']);
    expect(contents(stages[2]!)).toEqual({ in: 'in early b', nodes: 'late', out: 'late in early w', weights: 'w' });
  });

  it('takes what bodies of control flow read to their stage', () => {
    const body = graph({
      node: [node('Add', ['inner', 'w'], 'r'), node('Add', ['a', 'r'], 'leaving')],
      initializer: [floats('inner', [1])],
      output: [info('leaving')],
    });
    const file = smallFile(
      [node('Neg', ['in'], 'a'), node('Neg', ['a'], 'b'), node('If', ['b'], 'out', { then_branch: body })],
      { weights: [floats('w', [1])] },
    );
    expect(cutBy(file, ['a', 'b', 'out']).map(contents)).toEqual([
      { in: 'in', nodes: 'a', out: 'a', weights: '' },
      { in: 'a', nodes: 'b', out: 'a b', weights: '' },
      { in: 'a b', nodes: 'out', out: 'out', weights: 'w' },
    ]);
  });

  it('keeps initialisers among the inputs of old files, but not in its bundles', () => {
    const file = onnxFile(
      {
        node: [node('Add', ['in', 'w'], 'a'), node('Add', ['a', 'v'], 'out')],
        initializer: [floats('w', [1]), floats('v', [1])],
        input: [info('in'), info('w'), info('v')],
        output: [info('out')],
        valueInfo: [info('a')],
      },
      { irVersion: '3' },
    );
    const stages = cutBy(file, ['a', 'out']);
    expect(stages.map((s) => [s.inputs, contents(s).in])).toEqual([
      [['in'], 'in w'],
      [['a'], 'a v'],
    ]);
  });
});

describe('a boundary', () => {
  const typed = (dtype: string) => ({ types: { a: { dtype, dims: [1, 'n'] } } });
  const file = (declared: boolean) => smallFile([node('Neg', ['in'], 'a'), node('Neg', ['a'], 'out')], { declared });

  it('is declared on both sides, as the file does or else as given', () => {
    const types = { b: { dtype: 'float16', dims: [1, 'n'] } };
    const [first, second] = cutBy(chain(false), ['a b', 'c out'], { types });
    for (const value of [readModel(first!.graph).graph.output[0], readModel(second!.graph).graph.input[0]]) {
      expect(value?.type?.tensorType?.elemType).toBe(10);
      expect(value?.type?.tensorType?.shape?.dim.map((d) => d.dimParam || d.dimValue)).toEqual(['1', 'n']);
    }
    const [declared] = cutBy(file(true), ['a', 'out'], typed('float16'));
    expect(readModel(declared!.graph).graph.output[0]?.type?.tensorType?.elemType).toBe(1);
  });

  it('is refused without a type', () => {
    for (const types of [{}, { b: { dtype: 'float32', dims: [] } }]) {
      expect(refusal(() => cutBy(file(false), ['a', 'out'], { types }))).toMatchObject({
        code: 'tensor-type-unknown',
        details: { tensor: 'a' },
      });
    }
    const named = smallFile([node('Neg', ['in'], 'constructor'), node('Neg', ['constructor'], 'out')], {
      declared: false,
    });
    expect(refusal(() => cutBy(named, ['constructor', 'out'])).code).toBe('tensor-type-unknown');
  });

  it('is refused for types that do not travel, naming those that do', () => {
    for (const dtype of ['bfloat16', 'string', 'uint4', 'float8e4m3fn', 'nonsense']) {
      const refused = refusal(() => cutBy(file(false), ['a', 'out'], typed(dtype)));
      expect(refused).toMatchObject({ code: 'dtype-unsupported', details: { tensor: 'a', dtype } });
      expect(refused.message).toContain('float16');
    }
    const bfloat16 = info('a');
    bfloat16.type!.tensorType!.elemType = 16;
    const sequence = info('a');
    delete sequence.type!.tensorType;
    for (const [value, dtype] of [
      [bfloat16, 'bfloat16'],
      [sequence, 'sequence, map or optional'],
    ] as const) {
      const declared = onnxFile({
        node: [node('Neg', ['in'], 'a'), node('Neg', ['a'], 'out')],
        input: [info('in')],
        output: [info('out')],
        valueInfo: [value],
      });
      expect(refusal(() => cutBy(declared, ['a', 'out'])).details).toMatchObject({ tensor: 'a', dtype });
    }
  });
});

describe('stages', () => {
  it('are refused when a tensor goes back, naming it and both stages', () => {
    const refused = refusal(() => cutBy(chain(), ['b c out', 'a']));
    expect(refused).toMatchObject({ code: 'cut-goes-back', details: { tensor: 'a', from: 1, to: 0 } });
  });

  it('are refused when a body reads what a later stage makes', () => {
    const body = graph({ node: [node('Neg', ['a'], 'r')], output: [info('r')] });
    const file = smallFile([node('Neg', ['in'], 'a'), node('If', ['in'], 'out', { then_branch: body })]);
    expect(refusal(() => cutBy(file, ['out', 'a'])).details).toEqual({ tensor: 'a', from: 1, to: 0 });
  });

  it('are refused with a gap, and when a node has none', () => {
    const { model } = importModel(chain());
    const numbered = (stage: unknown) => refusal(() => cutStages(model, (k) => (k === 'out' ? (stage as number) : 0)));
    expect(numbered(2)).toMatchObject({ code: 'stage-empty', details: { stage: 1 } });
    expect(numbered(1e15).code).toBe('stage-empty');
    for (const stage of [undefined, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(numbered(stage)).toMatchObject({ code: 'stage-missing', details: { node: 'out' } });
    }
    const constant = importModel(smallFile([node('Neg', ['w'], 'out')], { weights: [floats('w', [1])] })).model;
    expect(refusal(() => cutStages(constant, () => 0)).code).toBe('stage-empty');
  });
});
