import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layeredOnnx } from '../../../../workers/inference/lab/testdata/layered-onnx.ts';
import type { ValueInfoProto } from '../../../model/onnx/onnx_pb.ts';
import { elsewhere, floats, info, node, onnxFile } from '../../../model/onnx/testdata/build.ts';
import { openCli, workers } from './testdata/cli.ts';

const STRING = 8;
const strings = (name: string): ValueInfoProto => {
  const made = info(name, [4]);
  if (made.type?.tensorType) made.type.tensorType.elemType = STRING;
  return made;
};
const small = (nodes: Parameters<typeof onnxFile>[0]['node'], more: Parameters<typeof onnxFile>[0] = {}) =>
  onnxFile({ node: nodes ?? [], input: [info('x', [4])], output: [info('out', [4])], ...more });

const whole = layeredOnnx();
const BAD: Readonly<Record<string, readonly [Uint8Array, code: string, words: string]>> = {
  'cut off': [whole.slice(0, 3000), 'onnx-unreadable', 'these 3000 bytes are not a whole ONNX file'],
  empty: [new Uint8Array(), 'onnx-incomplete', 'needs nodes and operator sets'],
  cyclic: [
    small([node('Add', ['x', 'b'], 'a'), node('Relu', ['a'], 'b'), node('Relu', ['b'], 'out')]),
    'graph-cyclic',
    "node 'a' (Add) reads what is computed from its own outputs",
  ],
  'without its weights': [
    small([node('Add', ['x', 'w'], 'out')], {
      initializer: [elsewhere(floats('w', [1, 2, 3, 4]), { location: 'w.bin' })],
    }),
    'weights-missing',
    "tensor 'w' needs bytes up to 16 of 'w.bin', which is not there",
  ],
  'reading what nothing makes': [small([node('Add', ['x', 'y'], 'out')]), 'unknown-tensor', "tensor 'y'"],
  'of constants only': [
    small([node('Relu', ['w'], 'out')], { input: [], initializer: [floats('w', [1, 2, 3, 4])] }),
    'graph-constant',
    'no node of this model depends on its inputs',
  ],
  'with an operator that nobody knows': [small([node('Nonesuch', ['x'], 'out')]), 'shard-unloadable', 'Nonesuch'],
  'fed with strings': [
    small([node('Cast', ['x'], 'out', { to: 1 })], { input: [strings('x')] }),
    'input-unsupported',
    "input 'x' has element type 8",
  ],
  'giving strings': [
    small([node('Cast', ['x'], 'out', { to: STRING })], { output: [strings('out')] }),
    'dtype-unsupported',
    "tensor 'out' of type string does not travel; these types do: float32",
  ],
};

describe('a bad model is refused by name', () => {
  it.each(Object.entries(BAD))('%s', async (_, [file, code, words]) => {
    const { cwd, run } = openCli({ 'm.onnx': file, 'w.json': workers(1, 'a') });
    const plan = await run('model', 'plan', 'm.onnx', '--workers', 'w.json', '--json');
    const split = await run('model', 'split', 'm.onnx', '--stages', '2', '--out', 'out', '--json');
    for (const { code: exit, out } of [plan, split]) {
      const { error } = JSON.parse(out);
      expect(error).toMatchObject({ code, message: expect.stringContaining(words), next: expect.any(String) });
      expect(exit).toBe(1);
    }
    expect(readdirSync(cwd)).not.toContain('out');
  });

  it('whatever its bytes are', () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const { run } = openCli({ 'm.onnx': bytes });
        const { code, out } = await run('model', 'split', 'm.onnx', '--stages', '2', '--out', 'out', '--json');
        expect(code).toBe(1);
        expect(JSON.parse(out).error.code).toMatch(/^onnx-(unreadable|incomplete)$/);
      }),
      { numRuns: 30 },
    ));

  it('that is no file', async () => {
    const { run } = openCli({});
    const { code, err } = await run('model', 'split', 'm.onnx', '--stages', '2', '--out', 'out');
    expect(code).toBe(1);
    expect(err).toContain('cannot be read (file-unreadable)');
  });
});

describe('sizes', () => {
  it('of dimensions that the inputs do not have are refused, with those they have', async () => {
    const { run } = openCli({ 'm.onnx': whole, 'w.json': workers(1, 'a') });
    const { code, err } = await run('model', 'plan', 'm.onnx', '--workers', 'w.json', '--dims', 'rows=4');
    expect(code).toBe(1);
    expect(err).toContain("no free dimension 'rows'; free are: batch (dims-unknown)");
  });
});

describe('tensors of types that do not travel', () => {
  it.each([
    ['strings', node('Cast', ['a'], 's', { to: STRING }), node('Cast', ['s'], 'b', { to: 1 })],
    ['sequences', node('SplitToSequence', ['a'], 's'), node('ConcatFromSequence', ['s'], 'b', { axis: 0 })],
  ])('never lie on a cut: who makes and reads %s is one part', async (_, maker, reader) => {
    const file = small([node('Relu', ['x'], 'a'), maker, reader, node('Sigmoid', ['b'], 'out')]);
    const { run } = openCli({ 'm.onnx': file });
    const split = async (stages: number) =>
      JSON.parse((await run('model', 'split', 'm.onnx', '--stages', `${stages}`, '--out', `${stages}`, '--json')).out);
    expect((await split(3)).stages.map((s: { outputs: string[] }) => s.outputs)).toEqual([['a'], ['b'], ['out']]);
    expect((await split(4)).error).toMatchObject({ code: 'too-many-stages', details: { stages: 4, nodes: 3 } });
  });
});
