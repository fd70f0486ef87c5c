import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openFileBlobs } from '../../../shared/adapters/local/file-blobs.ts';
import { systemClock } from '../../../shared/adapters/system/clock.ts';
import { encodeTensors, type TensorBundle } from '../../../shared/model/tensors.ts';
import { quantile } from '../../../shared/planning/quantile.ts';
import { ocrPackage } from '../../../workers/inference/install-ocr.ts';
import { installOnnx } from '../../../workers/inference/install-onnx.ts';
import { boundaryTypes } from '../../../workers/inference/lab/boundary-types.ts';
import { type OnnxFile, openOnnxFile } from '../../../workers/inference/lab/onnx-file.ts';
import { profiledWork } from '../../../workers/inference/lab/profiled-work.ts';
import { stagesOf } from '../../../workers/inference/lab/split-file.ts';
import { modelFiles } from '../../../workers/inference/model-files.ts';
import { onnxEngine } from '../../../workers/inference/onnx-engine.ts';
import { generateInputs } from '../../../workers/inference/profile/generated-inputs.ts';
import { timeRuns } from '../../../workers/inference/profile/instrumented-run.ts';
import { openForProfile } from '../../../workers/inference/profile/profile-model.ts';
import { defaultRuntime } from '../../../workers/inference/runtime.ts';
import { sessionCache } from '../../../workers/inference/sessions.ts';
import { ADDRESS, jobsOf } from '../../../workers/inference/testdata/bench-worker.ts';
import { type Isolation, startWorkerHost } from '../../../workers/inference/worker-host.ts';

import { overLinks } from './links.ts';

const LIGHT = fileURLToPath(new URL('../../../../shared/vectors/onnx-light/', import.meta.url));
const ONE_STREAM = 24;
const IN_FLIGHT = 8;
const MANY = 64;
const WARM_UP = 3;

interface Place {
  readonly folder: string;
  readonly name: string;
}

/** Where rows and blobs lie: every write to a disk is flushed, and disks differ; memory shows what the rest costs. */
const places = (): Place[] => [
  ...(existsSync('/dev/shm') ? [{ folder: '/dev/shm', name: 'memory' }] : []),
  { folder: tmpdir(), name: 'disk' },
];

/**
 * Unsplit onnxruntime-node with one thread against the same model in two stages of nearly equal times, on workers with one
 * thread each: over links alone, then on real hosts with rows, receipts, digests and blobs.
 * @param args one model by its name
 */
export const speed = async ([only]: readonly string[]): Promise<void> => {
  const { recognitionPath } = await ocrPackage();
  const dims = { 'p2o.DynamicDimension.0': 1, 'p2o.DynamicDimension.1': 640 };
  if (only === undefined || only === 'recogniser') await compare(recognitionPath, dims);
  for (const name of ['resnet50', 'inception_v1']) {
    const path = `${LIGHT}${name}.onnx`;
    if ((only === undefined || only === name) && existsSync(path)) await compare(path, {});
  }
};

const compare = async (path: string, dims: Readonly<Record<string, number>>): Promise<void> => {
  const file = await openOnnxFile(path);
  const folder = await mkdtemp(join(tmpdir(), 'quorate-bench-'));
  const work = await profiledWork(file, folder, dims);
  const types = await boundaryTypes(file, work.profile, dims);
  const { tensors } = generateInputs(file.model.graph, dims, {});
  const sample = Object.values(tensors);
  const { loadable } = await openForProfile({ path });
  const unsplitMs = quantile(await timeRuns(loadable, defaultRuntime(), tensors, ONE_STREAM), 0.5);
  process.stdout.write(`${path.split('/').at(-1)}: unsplit, one thread ${unsplitMs.toFixed(1)} ms\n`);
  const rows: Record<string, Record<string, string>> = {};
  const row = (name: string, { oneMs, manyPerS }: { oneMs: number; manyPerS: number }): void => {
    rows[name] = {
      'one stream ms': oneMs.toFixed(1),
      'of unsplit': (unsplitMs / oneMs).toFixed(3),
      [`${IN_FLIGHT} in flight, per s`]: manyPerS.toFixed(1),
      'times unsplit': ((manyPerS * unsplitMs) / 1000).toFixed(2),
    };
  };
  for (const [stages, carrier] of [
    [1, 'threads'],
    [2, 'threads'],
    [2, 'gRPC on loopback'],
  ] as const) {
    row(
      `${stages} on links alone, ${carrier}`,
      await overLinks({ file, sample, dims, stages, carrier }, ONE_STREAM, IN_FLIGHT),
    );
  }
  for (const place of places()) {
    for (const [stages, isolation] of [
      [1, 'threads'],
      [2, 'threads'],
      [2, 'processes'],
    ] as const) {
      const stageOf = stagesOf(work, stages);
      const keys = new Map(work.graph.nodes.map(({ name }, node) => [name, stageOf[node]]));
      const run = { file, sample, types, stageOf: (key: string) => keys.get(key), stages, isolation };
      row(`${stages}, ${isolation}, rows in ${place.name}`, await measured(place, run));
    }
  }
  console.table(rows);
  await rm(folder, { recursive: true });
};

interface Run {
  readonly file: OnnxFile;
  readonly sample: TensorBundle;
  readonly types: Awaited<ReturnType<typeof boundaryTypes>>;
  readonly stageOf: (key: string) => number | undefined;
  readonly stages: number;
  readonly isolation: Isolation;
}

const measured = async (place: Place, run: Run): Promise<{ oneMs: number; manyPerS: number }> => {
  const folder = await mkdtemp(join(place.folder, 'quorate-bench-'));
  const blobsFolder = join(folder, 'blobs');
  const blobs = openFileBlobs(blobsFolder);
  const sessions = sessionCache(4);
  const machine = { blobs, modelFiles: modelFiles(join(folder, 'models'), blobs), engine: onnxEngine, sessions };
  const { model } = await installOnnx(machine, run.file, run);
  await sessions.clear();
  const input = await blobs.put(encodeTensors(run.sample));
  let asked = 0;
  /** Mean time between the starts of two queries when the host takes no more than `maxRuns` at once. */
  const meanMs = async (maxRuns: number, runs: number): Promise<number> => {
    const host = startWorkerHost({
      isolation: run.isolation,
      workers: run.stages,
      maxRuns,
      onLost: ({ reason }) => process.stderr.write(`lost: ${reason}\n`),
      settings: {
        storePath: join(folder, 'store.sqlite'),
        blobsFolder,
        name: 'speed',
        address: ADDRESS,
        receiptSeed: new Uint8Array(32).fill(7),
        leaseMs: 60_000,
        maxSessions: 4,
      },
    });
    const begin = async (): Promise<void> => {
      const jobs = jobsOf(model, input, run.stages, { queryId: asked++ });
      while ((await host.start(jobs)).outcome !== 'started') await systemClock.sleep(1);
    };
    for (let i = 0; i < maxRuns + WARM_UP; i++) await begin();
    const begunMs = performance.now();
    for (let i = 0; i < runs; i++) await begin();
    const tookMs = performance.now() - begunMs;
    await host.stop(10_000);
    return tookMs / runs;
  };
  const oneMs = await meanMs(1, ONE_STREAM);
  const manyPerS = 1000 / (await meanMs(IN_FLIGHT, MANY));
  await rm(folder, { recursive: true });
  return { oneMs, manyPerS };
};
