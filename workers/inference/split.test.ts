import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeNodes, nodeKey } from '../../shared/model/onnx/compute-nodes.ts';
import { cutStages } from '../../shared/model/onnx/cut.ts';
import { dataflow } from '../../shared/model/onnx/dataflow.ts';
import type { ByteRange } from '../../shared/model/onnx/external-data.ts';
import { importModel, openModel } from '../../shared/model/onnx/import-model.ts';
import { writeModel } from '../../shared/model/onnx/model-file.ts';
import type { GraphProto } from '../../shared/model/onnx/onnx_pb.ts';
import { stateTensors } from '../../shared/model/onnx/state.ts';
import { tinyOnnx } from '../../shared/model/onnx/testdata/tiny-onnx.ts';
import { WEIGHTS_FILE, type WeightsBlob } from '../../shared/model/onnx/weights.ts';
import { float32Tensor } from '../../shared/model/tensors.ts';
import type { TensorBytes } from '../../shared/protocol/digest.ts';
import { compareCut, outputsOf } from './compare-cut.ts';
import { ocrPackage } from './install-ocr.ts';
import { onnxEngine } from './onnx-engine.ts';
import { freeTypes, withAllOutputs, withVariedWeights } from './testdata/instrument.ts';
import { branchingOnnx, lstmOnnx } from './testdata/split-models.ts';

const TOLERANCE = 1e-4;
const LIGHT = new URL('../../../shared/vectors/onnx-light/', import.meta.url);
const light = (name: string) => readFile(new URL(name, LIGHT));
const runtime = (optimisation: 'disabled' | 'basic' | 'all') => ({
  class: '',
  engine: 'onnxruntime-node' as const,
  engineVersion: '1.30.0',
  provider: 'cpu' as const,
  optimisation,
  intraOpThreads: 1,
  pixels: '',
  platform: '',
});

/** Numbers between -1 and 1, always the same. */
const wave = (...dims: number[]): TensorBytes =>
  float32Tensor(
    dims,
    Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 12.9898)),
  );

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'split-'));
});
afterAll(() => rm(folder, { recursive: true }));

const bytesOf = ({ sizeBytes, pieces }: WeightsBlob): Uint8Array => {
  const blob = new Uint8Array(sizeBytes);
  for (const { from, offsetBytes } of pieces) if (from instanceof Uint8Array) blob.set(from, offsetBytes);
  return blob;
};

/** Writes a graph with these parts of the weights beside it, and holes between them. @returns the graph's path */
const put = async (
  name: string,
  graph: Uint8Array,
  blob: Uint8Array,
  ranges: readonly ByteRange[],
): Promise<string> => {
  await mkdir(join(folder, name), { recursive: true });
  const file = await open(join(folder, name, WEIGHTS_FILE), 'w');
  await file.truncate(blob.length);
  for (const { offsetBytes, sizeBytes } of ranges) await file.write(blob, offsetBytes, sizeBytes, offsetBytes);
  await file.close();
  const path = join(folder, name, 'graph.onnx');
  await writeFile(path, graph);
  return path;
};

/** Level basic fuses a convolution with the normalisation that reads it: cut between them, they round otherwise. */
const cutsFusion = (graph: GraphProto, stageOf: (key: string) => number): boolean => {
  const flow = dataflow(graph);
  return computeNodes(graph, flow).some((node) => {
    const producer = node.opType === 'BatchNormalization' ? flow.producers.get(node.input[0] ?? '') : undefined;
    return producer?.opType === 'Conv' && stageOf(nodeKey(producer)) !== stageOf(nodeKey(node));
  });
};

/** Compares the whole model with its stages for random contiguous cuts, at two levels of optimisation. */
const compareCuts = async (file: Uint8Array, feeds: Record<string, TensorBytes>, numRuns: number): Promise<void> => {
  const { model, weights } = importModel(file);
  const { graph } = model;
  const blob = bytesOf(weights);
  const everything = [{ offsetBytes: 0, sizeBytes: blob.length }];
  const values = new Map(Object.entries(feeds));
  const instrumented = await put('instrumented', withAllOutputs(model), blob, everything);
  const seen = await outputsOf(onnxEngine, runtime('disabled'), instrumented, values);
  const types = freeTypes(new Map([...values, ...seen]));
  const whole = await put('whole', writeModel(model, graph), blob, everything);
  const nodes = computeNodes(graph, dataflow(graph)).map(nodeKey);
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: nodes.length - 1 }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(cuts, async (positions) => {
      const stageOf = (key: string) => positions.filter((at) => at <= nodes.indexOf(key)).length;
      const parts = cutStages(model, stageOf, { types, state: stateTensors(graph) });
      expect(parts).toHaveLength(positions.length + 1);
      for (const [i, part] of parts.slice(1).entries()) expect(part.inputs).toEqual(parts[i]!.outputs);
      const stages = await Promise.all(parts.map((part, i) => put(`stage-${i}`, part.graph, blob, part.ranges)));
      const basic = await compareCut(onnxEngine, runtime('basic'), { whole, stages }, values);
      if (cutsFusion(graph, stageOf)) expect(basic.maxAbsError).toBeLessThan(TOLERANCE);
      else expect(basic).toEqual({ exact: true, maxAbsError: 0 });
      // More is fused at this level, so it is never sure that a cut is exact.
      const all = await compareCut(onnxEngine, runtime('all'), { whole, stages }, values);
      expect(all.maxAbsError).toBeLessThan(TOLERANCE);
    }),
    { seed: 7, numRuns },
  );
};

describe('a model in stages gives the bytes of the whole', () => {
  it('of steps on bytes', () =>
    compareCuts(tinyOnnx(), { bytes_in: { dtype: 'uint8', dims: [1, 4], data: Uint8Array.of(1, 2, 84, 255) } }, 8));

  it('with a branch', () => compareCuts(branchingOnnx(), { x: wave(512) }, 8));

  it('with a recurrent state', () =>
    compareCuts(lstmOnnx(), { x: wave(3, 1, 4), h: wave(1, 1, 8), c: wave(1, 1, 8) }, 8));

  it('that finds text', async () => {
    const { detectionPath } = await ocrPackage();
    await compareCuts(await readFile(detectionPath), { x: wave(1, 3, 96, 128) }, 4);
  });

  it('that reads text', async () => {
    const { recognitionPath } = await ocrPackage();
    await compareCuts(await readFile(recognitionPath), { x: wave(1, 3, 48, 160) }, 4);
  });

  it('that tells which way is up', async () => {
    const { detectionPath } = await ocrPackage();
    const path = join(detectionPath, '..', 'ch_ppocr_mobile_v2.0_cls_infer.onnx');
    await compareCuts(await readFile(path), { x: wave(1, 3, 48, 192) }, 4);
  });

  describe.skipIf(!existsSync(LIGHT))('of public architectures (needs ../shared/vectors/onnx-light)', () => {
    it.each([
      ['squeezenet.onnx', 'data_0', 3],
      ['inception_v1.onnx', 'data_0', 2],
      ['resnet50.onnx', 'gpu_0/data_0', 2],
    ])('%s', async (name, input, runs) => {
      const file = withVariedWeights(openModel(await light(name)));
      await compareCuts(file, { [input]: wave(1, 3, 224, 224) }, runs);
    });
  });
});
