import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadInputError } from '../../errors.ts';
import { computeNodes, nodeKey } from './compute-nodes.ts';
import { cutStages } from './cut.ts';
import { dataflow } from './dataflow.ts';
import { importModel } from './import-model.ts';
import { readModel } from './model-file.ts';
import { stateTensors } from './state.ts';
import { elsewhere, floats, graph, info, ints, node, onnxFile } from './testdata/build.ts';
import { tinyOnnx } from './testdata/tiny-onnx.ts';
import { workGraph } from './work-graph.ts';

/** All that is done with a stranger's file, in two stages; only refusals of bad input are caught. */
const handle = (bytes: Uint8Array): string => {
  try {
    const { model } = importModel(bytes, () => 4096);
    const keys = computeNodes(model.graph, dataflow(model.graph)).map(nodeKey);
    const state = stateTensors(model.graph);
    const names = [...model.graph.input.map((i) => i.name), ...model.graph.node.flatMap((n) => n.output)];
    const types = Object.fromEntries(names.map((name) => [name, { dtype: 'float32', dims: ['n'], sizeBytes: 4 }]));
    const stages = cutStages(model, (key) => (keys.indexOf(key) < keys.length / 2 ? 0 : 1), { types, state });
    for (const stage of stages) readModel(stage.graph);
    workGraph(model, { nodes: Object.fromEntries(keys.map((key) => [key, 1])), tensors: types }, { state });
    return 'done';
  } catch (error) {
    expect(error).toBeInstanceOf(BadInputError);
    return (error as BadInputError).code;
  }
};

/** A file with all that is handled: a body, constants, an optional input, weights inside and outside, typed data. */
const rich = (): Uint8Array => {
  const typed = floats('typed', []);
  typed.dims = ['3'];
  typed.floatData = [1, 2, 3];
  const inner = graph({
    node: [node('Add', ['a', 'mine'], 'r')],
    initializer: [floats('mine', [1])],
    output: [info('r')],
  });
  return onnxFile({
    node: [
      node('Constant', [], 'k', { value: ints('', [1, 2]) }),
      node('LSTM', ['in', 'big', 'far', '', 'h', 'k'], ['a', 'hn', '']),
      node('If', ['a'], 'b', { then_branch: inner }),
      node('Add', ['b', 'typed'], 'out'),
    ],
    initializer: [
      floats('big', Array(256).fill(0)),
      elsewhere(floats('far', [1, 2]), { location: 'w', offset: '8', length: '8' }),
      typed,
    ],
    input: [info('in'), info('h')],
    output: [info('out'), info('hn')],
    valueInfo: [info('a', ['n'])],
  });
};

const LIGHT = new URL('../../../../shared/vectors/onnx-light/squeezenet.onnx', import.meta.url);
const files: [string, () => Uint8Array, number][] = [
  ['tiny', tinyOnnx, 1500],
  ['rich', rich, 1500],
];
if (existsSync(LIGHT)) files.push(['public', () => new Uint8Array(readFileSync(LIGHT)), 150]);

describe.each(files)('a damaged %s file', (_name, make, numRuns) => {
  const whole = make();

  it('is whole before', () => {
    expect(handle(whole)).toBe('done');
  });

  it('is refused or handled when cut off', () => {
    const step = Math.ceil(whole.length / numRuns);
    for (let length = 0; length < whole.length; length += step) handle(whole.subarray(0, length));
  });

  it('is refused or handled with flipped bits', () => {
    const flips = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(7)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(flips, (places) => {
        const damaged = whole.slice();
        for (const [at, bit] of places) damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
        handle(damaged);
      }),
      { numRuns },
    );
  });
});

describe('random bytes', () => {
  it('are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(handle(bytes)).not.toBe('done');
      }),
    );
  });
});
