import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import { computeNodes, nodeKey } from '../../../shared/model/onnx/compute-nodes.ts';
import { dataflow } from '../../../shared/model/onnx/dataflow.ts';
import { readModel } from '../../../shared/model/onnx/model-file.ts';
import { AttributeProtoSchema, GraphProtoSchema, TensorProtoSchema } from '../../../shared/model/onnx/onnx_pb.ts';
import { info, node, onnxFile, weight } from '../../../shared/model/onnx/testdata/build.ts';
import { tinyOnnx } from '../../../shared/model/onnx/testdata/tiny-onnx.ts';
import type { Profile } from '../../../shared/model/profile.ts';
import { type SizedRun, symbolicDims } from '../../../shared/model/symbolic-dims.ts';
import { float32Tensor } from '../../../shared/model/tensors.ts';
import { ocrPackage } from '../install-ocr.ts';
import { defaultRuntime } from '../runtime.ts';
import { profileModel } from './profile-model.ts';

const sum = (values: Readonly<Record<string, number>>): number => Object.values(values).reduce((a, b) => a + b, 0);

/** Every compute node has a time, every tensor of a top-level node a size. */
const expectWhole = (bytes: Uint8Array, { nodes, tensors }: Profile): void => {
  const { graph } = readModel(bytes);
  expect(Object.keys(nodes)).toEqual(computeNodes(graph, dataflow(graph)).map(nodeKey));
  const made = graph.node.flatMap((n) => n.output).filter((name) => name !== '');
  expect(Object.keys(tensors)).toEqual(expect.arrayContaining(made));
  for (const { dims } of Object.values(tensors)) expect(dims.every(Number.isInteger)).toBe(true);
};

describe('profiling a tiny model', () => {
  it('gives a time per node and a size per tensor, at sizes that the caller chooses', async () => {
    const { profile, freeDims, inputs } = await profileModel({ bytes: tinyOnnx() }, defaultRuntime(), {
      dims: { bytes: 32 },
      runs: 2,
    });
    expectWhole(tinyOnnx(), profile);
    expect(freeDims).toEqual([{ name: 'bytes', size: 32, guessed: false }]);
    expect(inputs.bytes_in?.dims).toEqual([1, 32]);
    expect(profile.tensors.bytes_in).toEqual({ dtype: 'uint8', dims: [1, 32], sizeBytes: 32 });
    expect(profile.tensors.y5).toEqual({ dtype: 'float32', dims: [1, 32], sizeBytes: 128 });
    expect(sum(profile.nodes)).toBeGreaterThan(0);
  });

  it('takes a tensor that the caller gives', async () => {
    const bytes_in = { dtype: 'uint8', dims: [1, 3], data: new Uint8Array([1, 2, 3]) };
    const { profile, inputs } = await profileModel({ bytes: tinyOnnx() }, defaultRuntime(), {
      inputs: { bytes_in },
      runs: 1,
    });
    expect(inputs).toEqual({ bytes_in });
    expect(profile.tensors.z?.dims).toEqual([1, 3]);
  });

  it('knows the sizes of constants of every kind, which are no compute nodes', async () => {
    // value_int is no tensor: the profiler does not tell of it either.
    const bytes = onnxFile({
      node: [
        node('Constant', [], 'k', { value: weight('', [1]) }),
        node('Constant', [], 'n', { value_int: 3 }),
        node('Cast', ['n'], 'cast', { to: 1 }),
        node('Mul', ['k', 'cast'], 'made'),
        node('Mul', ['x', 'made'], 'y'),
      ],
      input: [info('x', ['batch', 2])],
      output: [info('y', ['batch', 2])],
    });
    const { profile } = await profileModel({ bytes }, defaultRuntime(), { runs: 1 });
    expect(Object.keys(profile.nodes)).toEqual(['y']);
    expect(profile.tensors.k).toEqual({ dtype: 'float32', dims: [1], sizeBytes: 4 });
    expect(profile.tensors.n).toEqual({ dtype: 'int64', dims: [], sizeBytes: 8 });
    expect(profile.tensors.made?.sizeBytes).toBe(4);
  });

  it('knows 16-bit floats where the runtime computes with wider ones, and outputs that nobody reads', async () => {
    const bytes = onnxFile({
      node: [node('Softmax', ['x'], 'a'), node('Erf', ['a'], 'b'), node('Dropout', ['b'], ['y', 'mask'])],
      input: [info('x', [2, 3], 'float16')],
      output: [info('y', [2, 3], 'float16')],
    });
    const { profile } = await profileModel({ bytes }, defaultRuntime(), { runs: 1 });
    const half = { dtype: 'float16', dims: [2, 3], sizeBytes: 12 };
    expect(profile.tensors).toEqual({
      x: half,
      a: half,
      b: half,
      y: half,
      mask: { ...half, dtype: 'bool', sizeBytes: 6 },
    });
  });

  it('takes control flow as one node', async () => {
    const branch = (opType: string) =>
      create(GraphProtoSchema, { name: opType, node: [node(opType, ['x'], opType)], output: [info(opType, ['n'])] });
    const choose = node('If', ['flag'], 'y');
    choose.attribute = ['then_branch', 'else_branch'].map((name, at) =>
      create(AttributeProtoSchema, { name, type: 5, g: branch(at === 0 ? 'Neg' : 'Abs') }),
    );
    const bytes = onnxFile({
      node: [choose, node('Exp', ['y'], 'z')],
      input: [info('x', ['n']), info('flag', [1], 'bool')],
      output: [info('z', ['n'])],
    });
    const { profile } = await profileModel({ bytes }, defaultRuntime(), { dims: { n: 6 }, runs: 1 });
    expectWhole(bytes, profile);
    expect(profile.tensors.y?.dims).toEqual([6]);
  });

  it('gives fused nodes their share', async () => {
    const bytes = onnxFile({
      node: [
        node('Conv', ['x', 'w'], 'c'),
        node('BatchNormalization', ['c', 'k', 'k', 'k', 'k'], 'b'),
        node('Relu', ['b'], 'y'),
      ],
      initializer: [weight('w', [8, 3, 3, 3]), weight('k', [8])],
      input: [info('x', [1, 3, 64, 64])],
      output: [info('y', [1, 8, 62, 62])],
    });
    for (const level of ['basic', 'all'] as const) {
      const { profile } = await profileModel({ bytes }, defaultRuntime(level), { runs: 2 });
      expectWhole(bytes, profile);
      const { c = 0, b = 0 } = profile.nodes;
      expect(b / c).toBeCloseTo(8 / (2 * 27), 6);
    }
  });

  it('finds weights that lie beside the file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'quorate-test-'));
    try {
      await writeFile(join(folder, 'weights.bin'), new Uint8Array(Float32Array.of(0.5, 0.25).buffer));
      const path = join(folder, 'model.onnx');
      await writeFile(path, externalModel());
      const { profile } = await profileModel({ path }, defaultRuntime(), { runs: 1 });
      expect(profile.tensors.y?.dims).toEqual([1, 2]);
      await rm(join(folder, 'weights.bin'));
      await expect(profileModel({ path }, defaultRuntime())).rejects.toThrow(
        expect.objectContaining({ code: 'shard-unloadable' }),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('refuses what the runtime cannot load', async () => {
    const input = [info('x', [1])];
    const bytes = onnxFile({ node: [node('NoSuchOperator', ['x'], 'y')], input, output: [info('y', [1])] });
    await expect(profileModel({ bytes }, defaultRuntime())).rejects.toThrow(
      expect.objectContaining({ code: 'shard-unloadable' }),
    );
    await expect(profileModel({ bytes: new Uint8Array(9) }, defaultRuntime())).rejects.toThrow(
      expect.objectContaining({ code: 'onnx-unreadable' }),
    );
  });

  it('says which dimensions to give when the guessed ones do not fit', async () => {
    const bytes = onnxFile({
      node: [node('MatMul', ['x', 'w'], 'y')],
      initializer: [weight('w', [5, 2])],
      input: [info('x', ['batch', 'features'])],
      output: [info('y', ['batch', 2])],
    });
    await expect(profileModel({ bytes }, defaultRuntime())).rejects.toThrow(
      expect.objectContaining({
        code: 'free-dims-needed',
        message: expect.stringContaining('features=16'),
        next: 'give their sizes: --dims batch=1 --dims features=16',
      }),
    );
    const { profile } = await profileModel({ bytes }, defaultRuntime(), { dims: { features: 5 }, runs: 1 });
    expect(profile.tensors.y?.dims).toEqual([1, 2]);
    const x = float32Tensor([1, 16], new Float32Array(16));
    await expect(profileModel({ bytes }, defaultRuntime(), { inputs: { x } })).rejects.toThrow(
      expect.objectContaining({ code: 'run-failed' }),
    );
  });
});

/** TensorProto.external_data and data_location (onnx.proto, fields 13 and 14), in a file without other weights. */
const externalModel = (): Uint8Array => {
  const entry = new BinaryWriter().tag(1, WireType.LengthDelimited).string('location');
  entry.tag(2, WireType.LengthDelimited).string('weights.bin');
  const external = create(TensorProtoSchema, { name: 'w', dims: ['2'], dataType: 1 });
  external.$unknown = [
    { no: 13, wireType: WireType.LengthDelimited, data: new BinaryWriter().bytes(entry.finish()).finish() },
    { no: 14, wireType: WireType.Varint, data: new Uint8Array([1]) },
  ];
  return onnxFile({
    node: [node('Mul', ['x', 'w'], 'y')],
    initializer: [external],
    input: [info('x', [1, 2])],
    output: [info('y', [1, 2])],
  });
};

describe('profiling real models', () => {
  it("finds how the recogniser's shapes follow its input, at three sizes", async () => {
    const { recognitionPath } = await ocrPackage();
    const runs: SizedRun[] = [];
    for (const columns of [320, 200, 488]) {
      const dims = { 'p2o.DynamicDimension.1': columns };
      const { profile } = await profileModel({ path: recognitionPath }, defaultRuntime(), { dims, runs: 1 });
      runs.push({ sizes: { columns }, tensors: profile.tensors });
    }
    const tensors = symbolicDims(runs);
    expect(tensors['p2o.Mul.127']?.dims).toEqual([1, 240, 6, 'columns/4']);
    const texts = new Set(Object.values(tensors).flatMap(({ dims }) => dims.filter((d) => typeof d === 'string')));
    expect([...texts].sort()).toEqual(['columns', 'columns/2', 'columns/4', 'columns/8']);
  });

  it('measures the text recogniser', async () => {
    const { recognitionPath } = await ocrPackage();
    const { profile, freeDims } = await profileModel({ path: recognitionPath }, defaultRuntime(), {
      dims: { 'p2o.DynamicDimension.1': 320 },
      runs: 1,
    });
    expectWhole(await readFile(recognitionPath), profile);
    expect(freeDims.map(({ name, size, guessed }) => [name, size, guessed])).toEqual([
      ['p2o.DynamicDimension.0', 1, true],
      ['p2o.DynamicDimension.1', 320, false],
    ]);
    expect(profile.tensors['p2o.Mul.127']).toEqual({ dtype: 'float32', dims: [1, 240, 6, 40 * 2], sizeBytes: 460_800 });
    expect(profile.tensors['softmax_11.tmp_0']?.dims).toEqual([1, 40, 6625]);
    expect(sum(profile.nodes)).toBeGreaterThan(0);
  });

  const light = new URL('../../../../shared/vectors/onnx-light/squeezenet.onnx', import.meta.url);
  it.skipIf(!existsSync(light))('measures a network whose weights are made by nodes (shared/vectors)', async () => {
    const bytes = await readFile(light);
    const { profile } = await profileModel({ bytes }, defaultRuntime(), { runs: 1 });
    expectWhole(bytes, profile);
    expect(Object.keys(profile.nodes)).toHaveLength(66);
    expect(profile.tensors.r1?.dims).toEqual([1, 64, 111, 111]);
  });
});
