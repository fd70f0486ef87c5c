import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import type { ManifestRuntime } from '../../../shared/model/manifest.ts';
import { readModel } from '../../../shared/model/onnx/model-file.ts';
import type { NodeProto } from '../../../shared/model/onnx/onnx_pb.ts';
import type { TensorBytes } from '../../../shared/protocol/digest.ts';
import { fromTensor, openSession, runSession, sessionOptions, toTensor } from '../onnx-session.ts';
import { type NodeEvents, readProfilerOutput } from './profile-events.ts';

/** A graph to run, with the folder in which its external weights lie. */
export interface LoadableModel {
  readonly bytes: Uint8Array;
  readonly weightsFolder?: string | undefined;
}

export type NamedTensors = Readonly<Record<string, TensorBytes>>;

/** onnxruntime_session_options_config_keys.h; the binding turns nested objects into dotted keys. */
const external = ({ weightsFolder }: LoadableModel): InferenceSession.SessionOptions['extra'] =>
  weightsFolder === undefined ? {} : { model_external_initializers_file_folder_path: weightsFolder };

/** Weights of the optimised graph go to a file of their own, which nobody reads. */
const WEIGHTS_ASIDE = {
  optimized_model_external_initializers_file_name: 'weights.bin',
  optimized_model_external_initializers_min_size_in_bytes: '1024',
};

const run = async (loaded: InferenceSession, feeds: NamedTensors): Promise<NamedTensors> => {
  const named = Object.fromEntries(loaded.inputNames.map((name) => [name, toTensor(feeds[name], name)]));
  const results = await runSession(loaded, named);
  return Object.fromEntries(loaded.outputNames.map((name) => [name, fromTensor(results[name], name)]));
};

/** Runs once. @throws {BadInputError} `shard-unloadable`, `run-failed` */
export const runOnce = async (
  model: LoadableModel,
  runtime: ManifestRuntime,
  feeds: NamedTensors,
): Promise<NamedTensors> => {
  const loaded = await openSession(model.bytes, { ...sessionOptions(runtime), extra: { session: external(model) } });
  try {
    return await run(loaded, feeds);
  } finally {
    await loaded.release();
  }
};

/**
 * Times of whole runs in milliseconds, after a first one that does not count.
 * @throws {BadInputError} `shard-unloadable`, `run-failed`
 */
export const timeRuns = async (
  model: LoadableModel,
  runtime: ManifestRuntime,
  feeds: NamedTensors,
  runs: number,
): Promise<number[]> => {
  const loaded = await openSession(model.bytes, { ...sessionOptions(runtime), extra: { session: external(model) } });
  try {
    await run(loaded, feeds);
    const times: number[] = [];
    for (let at = 0; at < runs; at += 1) {
      const start = performance.now();
      await run(loaded, feeds);
      times.push(performance.now() - start);
    }
    return times;
  } finally {
    await loaded.release();
  }
};

export interface InstrumentedRuns {
  /** The nodes that ran: the graph as this runtime's level of optimisation leaves it. */
  readonly nodes: readonly NodeProto[];
  readonly events: ReadonlyMap<string, NodeEvents>;
}

/**
 * Runs under onnxruntime's profiler, in a folder that is removed again.
 * @param runs counted; one more warms up
 * @throws {BadInputError} `shard-unloadable`, `run-failed`
 */
export const instrumentedRuns = async (
  model: LoadableModel,
  runtime: ManifestRuntime,
  feeds: NamedTensors,
  runs: number,
): Promise<InstrumentedRuns> => {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-profile-'));
  const optimised = join(folder, 'optimised.onnx');
  try {
    const loaded = await openSession(model.bytes, {
      ...sessionOptions(runtime),
      // Errors are thrown; the profiler also logs that it had nothing to write.
      logSeverityLevel: 4,
      enableProfiling: true,
      profileFilePrefix: join(folder, 'profile'),
      optimizedModelFilePath: optimised,
      extra: { session: { ...external(model), ...WEIGHTS_ASIDE } },
    });
    try {
      for (let at = 0; at <= runs; at += 1) await run(loaded, feeds);
      loaded.endProfiling();
    } finally {
      await loaded.release();
    }
    const written = (await readdir(folder)).find((name) => name.startsWith('profile')) ?? '';
    return {
      nodes: readModel(await readFile(optimised)).graph.node,
      events: readProfilerOutput(await readFile(join(folder, written), 'utf8')),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
