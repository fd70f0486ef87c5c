import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StageState, stageKey } from '../../shared/messages/stage-job.ts';
import { computeNodes, nodeKey } from '../../shared/model/onnx/compute-nodes.ts';
import { dataflow } from '../../shared/model/onnx/dataflow.ts';
import { decodeTensors, encodeTensors, type TensorBundle } from '../../shared/model/tensors.ts';
import { outputsOf } from './compare-cut.ts';
import { inlineHost } from './inline-host.ts';
import { ocrPackage } from './install-ocr.ts';
import { installOnnx, type OnnxTerms } from './install-onnx.ts';
import { boundaryTypes } from './lab/boundary-types.ts';
import { type OnnxFile, openOnnxFile } from './lab/onnx-file.ts';
import { profiledWork } from './lab/profiled-work.ts';
import { modelFiles } from './model-files.ts';
import { numbersOf } from './numbers.ts';
import { onnxEngine } from './onnx-engine.ts';
import { generateInputs } from './profile/generated-inputs.ts';
import { defaultRuntime } from './runtime.ts';
import { jobsOf, openWorkbench, type Workbench } from './testdata/bench-worker.ts';

const STAGES = 3;
const DIMS = { 'p2o.DynamicDimension.0': 1, 'p2o.DynamicDimension.1': 48, 'p2o.DynamicDimension.2': 192 };
let bench: Workbench;
let file: OnnxFile;
let terms: OnnxTerms;
let whole: TensorBundle;

/** The direction classifier: 221 nodes, weights of 0.6 MB. */
beforeAll(async () => {
  bench = await openWorkbench();
  const { detectionPath } = await ocrPackage();
  file = await openOnnxFile(detectionPath.replace(/[^/\\]*$/, 'ch_ppocr_mobile_v2.0_cls_infer.onnx'));
  const nodes = computeNodes(file.model.graph, dataflow(file.model.graph));
  const stages = new Map(nodes.map((node, i) => [nodeKey(node), Math.floor((i * STAGES) / nodes.length)]));
  const { profile } = await profiledWork(file, bench.folder, DIMS);
  const { tensors } = generateInputs(file.model.graph, DIMS, {});
  terms = {
    stageOf: (key) => stages.get(key),
    sample: Object.values(tensors),
    types: await boundaryTypes(file, profile, DIMS),
  };
  const outputs = await outputsOf(onnxEngine, defaultRuntime(), file.path, new Map(Object.entries(tensors)));
  whole = file.model.graph.output.map(({ name }) => outputs.get(name)!);
});
afterAll(() => bench.close());

const answerOf = async (model: string, queryId: number): Promise<TensorBundle> => {
  const { store, blobs } = bench.worker;
  const jobs = jobsOf(model, await blobs.put(encodeTensors(terms.sample)), STAGES, { queryId });
  await inlineHost(bench.worker).start(jobs);
  const row = await store.get(stageKey(jobs[0]!.run, STAGES - 1));
  const last = StageState.parse(row?.body);
  if (last.state !== 'done') expect.fail(JSON.stringify(last));
  return decodeTensors(await blobs.get(last.output));
};

describe('an ONNX file as a model', () => {
  it('gives in stages what the whole gives', async () => {
    const { model } = await installOnnx(bench.worker, file, terms);
    const [answer] = await answerOf(model, 1);
    const [expected] = whole;
    const errors = numbersOf(expected!).map((x, i) => Math.abs(x - numbersOf(answer!)[i]!));
    expect(Math.max(...errors)).toBeLessThan(1e-6);
  });

  it('has the same id and the same known answer twice', async () => {
    const [first, second] = [
      await installOnnx(bench.worker, file, terms),
      await installOnnx(bench.worker, file, terms),
    ];
    expect(second).toEqual(first);
  });

  it('has one blob of weights, of which each stage uses parts of its own', async () => {
    const { manifest } = await installOnnx(bench.worker, file, terms);
    const [first, ...others] = manifest.stages.map(({ weights }) => weights);
    expect(new Set(manifest.stages.map(({ weights }) => weights?.blob)).size).toBe(1);
    const used = manifest.stages.flatMap(({ weights }) => weights?.ranges ?? []);
    const total = used.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    expect(total).toBeLessThanOrEqual(file.weights.sizeBytes);
    expect(others.every((weights) => weights?.ranges.every((range) => !first?.ranges.includes(range)))).toBe(true);
    const fresh = modelFiles(join(bench.folder, 'fresh'), bench.worker.blobs);
    const graph = await fresh.open(manifest.stages[0]!);
    const { blocks } = await stat(join(dirname(graph), first!.blob));
    expect(blocks * 512).toBeLessThan(file.weights.sizeBytes);
  });

  it('may hand on in 8 bits: receipts are over those, and the answer is near', async () => {
    const { model, manifest } = await installOnnx(bench.worker, file, { ...terms, transfer: 'int8-blocks/v1' });
    expect(manifest.stages.map(({ transfer }) => transfer)).toEqual(['int8-blocks/v1', 'int8-blocks/v1', undefined]);
    const [answer] = await answerOf(model, 2);
    const [a, b] = [numbersOf(answer!), numbersOf(whole[0]!)];
    expect(a).not.toEqual(b);
    expect(Math.max(...a.map((x, i) => Math.abs(x - b[i]!)))).toBeLessThan(0.05);
  });
});
