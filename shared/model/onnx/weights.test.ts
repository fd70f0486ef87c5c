import { describe, expect, it } from 'vitest';
import { externalData } from './external-data.ts';
import { importModel } from './import-model.ts';
import { tensorsOf } from './map-tensors.ts';
import type { TensorProto } from './onnx_pb.ts';
import { elsewhere, floats, graph, info, node, onnxFile } from './testdata/build.ts';
import { refusal } from './testdata/refusal.ts';
import { rangesOf, WEIGHTS_FILE } from './weights.ts';

const big = (name: string, length: number) =>
  floats(
    name,
    Array.from({ length }, (_, i) => i),
  );
const file = (weights: TensorProto[], body: TensorProto[] = []): Uint8Array => {
  const names = weights.map((w) => w.name);
  const inner = graph({
    node: [node('Sum', ['in', ...body.map((t) => t.name)], 'r')],
    initializer: body,
    output: [info('r')],
  });
  return onnxFile({
    node: [node('If', ['in'], 'x', { then_branch: inner }), node('Use', ['x', ...names], 'out')],
    initializer: weights,
    input: [info('in')],
    output: [info('out')],
  });
};
const places = (bytes: Uint8Array, sizes: Record<string, number> = {}) => {
  const { model, weights } = importModel(bytes, (location) => sizes[location]);
  const external = tensorsOf(model.graph).flatMap((t) => {
    const data = externalData(t);
    return data ? [[t.name, data.location, data.offsetBytes, data.sizeBytes]] : [];
  });
  return { external, weights };
};
const outside = (name: string, length: number, location: string, more: Record<string, string> = {}) =>
  elsewhere(big(name, length), { location, ...more });

describe('weights inside a file', () => {
  it('of 1 KiB and more go to one blob at multiples of 64 bytes, those of bodies too', () => {
    const { external, weights } = places(file([big('a', 257), big('small', 255), big('b', 256)], [big('c', 300)]));
    expect(external).toEqual([
      ['a', WEIGHTS_FILE, 0, 1028],
      ['b', WEIGHTS_FILE, 1088, 1024],
      ['c', WEIGHTS_FILE, 2112, 1200],
    ]);
    expect(weights.sizeBytes).toBe(3312);
    expect(weights.pieces.map((p) => [p.offsetBytes, p.sizeBytes])).toEqual([
      [0, 1028],
      [1088, 1024],
      [2112, 1200],
    ]);
    const [first] = weights.pieces;
    expect(first?.from instanceof Uint8Array && first.from.length).toBe(1028);
  });

  it('leave nothing in the graph, and all of it when there are none', () => {
    const { model } = importModel(file([big('a', 300)]));
    expect(model.graph.initializer[0]?.rawData).toHaveLength(0);
    expect(places(file([big('small', 3)])).weights).toEqual({ sizeBytes: 0, pieces: [] });
  });
});

describe('weights in other files', () => {
  it('all in one: that file is the blob, however large, at the offsets it has', () => {
    const far = 3 * 2 ** 31;
    const bytes = file([
      outside('a', 300, 'model.onnx_data', { offset: `${far}`, length: '1200' }),
      outside('b', 2, './model.onnx_data'),
      big('inside', 300),
    ]);
    const { external, weights } = places(bytes, { 'model.onnx_data': far + 1200 });
    expect(external).toEqual([
      ['a', WEIGHTS_FILE, far, 1200],
      ['b', WEIGHTS_FILE, 0, 8],
    ]);
    expect(weights).toEqual({
      sizeBytes: far + 1200,
      pieces: [{ offsetBytes: 0, sizeBytes: far + 1200, from: { location: 'model.onnx_data', offsetBytes: 0 } }],
    });
  });

  it('in several: they are gathered in one blob, a shared part once', () => {
    const bytes = file([
      outside('a', 3, 'one/a'),
      outside('b', 300, 'b', { offset: '4096' }),
      outside('tied', 3, 'one/a'),
      big('inside', 256),
    ]);
    const { external, weights } = places(bytes, { 'one/a': 12, b: 9999 });
    expect(external).toEqual([
      ['a', WEIGHTS_FILE, 0, 12],
      ['b', WEIGHTS_FILE, 64, 1200],
      ['tied', WEIGHTS_FILE, 0, 12],
      ['inside', WEIGHTS_FILE, 1280, 1024],
    ]);
    expect(weights.sizeBytes).toBe(2304);
    expect(weights.pieces.slice(0, 2)).toMatchObject([
      { offsetBytes: 0, from: { location: 'one/a', offsetBytes: 0 } },
      { offsetBytes: 64, from: { location: 'b', offsetBytes: 4096 } },
    ]);
  });

  it('are refused outside the folder of the model', () => {
    for (const location of [
      '/etc/passwd',
      '../w',
      'a/../../w',
      'C:\\w',
      'c:w',
      '\\\\host\\w',
      'a\\..\\w',
      '',
      '.',
      'a\0',
    ]) {
      const refused = refusal(() => importModel(file([outside('a', 3, location)]), () => 99));
      expect(refused, location).toMatchObject({ code: 'onnx-external-path', details: { tensor: 'a' } });
    }
  });

  it('are refused when the file is missing or too short, naming the tensor', () => {
    const bytes = file([outside('a', 3, 'w'), outside('b', 3, 'w', { offset: '12' })]);
    expect(refusal(() => importModel(bytes))).toMatchObject({ code: 'weights-missing', details: { tensor: 'a' } });
    expect(refusal(() => importModel(bytes, () => 23))).toMatchObject({
      code: 'weights-missing',
      message: "tensor 'b' needs bytes up to 24 of 'w', which has 23 bytes",
    });
    expect(importModel(bytes, () => 24).weights.sizeBytes).toBe(24);
    const inBody = file([], [outside('c', 3, 'w')]);
    expect(refusal(() => importModel(inBody)).details.tensor).toBe('c');
  });

  it('are refused when their range does not fit the tensor', () => {
    for (const more of [{ length: '11' }, { length: '-12' }, { length: '1e1' }, { offset: '9999999999999999' }]) {
      const refused = refusal(() => importModel(file([outside('a', 3, 'w', more)]), () => 99));
      expect(refused.code).toBe('tensor-damaged');
    }
  });
});

describe('ranges', () => {
  it('are sorted, each byte once, and one where the gap is only alignment', () => {
    const at = (offset: number, length: number) =>
      outside(`t${offset}`, length / 4, WEIGHTS_FILE, { offset: `${offset}`, length: `${length}` });
    const used = [at(4096, 8), at(0, 100), at(128, 64), at(128, 64), at(256, 4), at(64, 200), at(9000, 0)];
    expect(rangesOf([...used, big('inside', 3)])).toEqual([
      { offsetBytes: 0, sizeBytes: 264 },
      { offsetBytes: 4096, sizeBytes: 8 },
    ]);
  });
});
