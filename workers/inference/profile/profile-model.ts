import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BadInputError } from '../../../shared/errors.ts';
import { nodeCost } from '../../../shared/model/analytic-cost.ts';
import { allShapes } from '../../../shared/model/cost-model.ts';
import type { ManifestRuntime } from '../../../shared/model/manifest.ts';
import { computeNodes } from '../../../shared/model/onnx/compute-nodes.ts';
import { dataflow } from '../../../shared/model/onnx/dataflow.ts';
import { type OnnxModel, readModel, writeModel } from '../../../shared/model/onnx/model-file.ts';
import type { Profile, ProfiledTensor } from '../../../shared/model/profile.ts';
import { type RanNode, shareTimes } from '../../../shared/model/share-times.ts';
import type { TensorBytes } from '../../../shared/protocol/digest.ts';
import type { FreeDim } from './free-dims.ts';
import { generateInputs } from './generated-inputs.ts';
import { type InstrumentedRuns, instrumentedRuns, type LoadableModel, type NamedTensors } from './instrumented-run.ts';
import { measureTensors } from './measure-tensors.ts';

/** A file, with its external weights beside it, or a whole model in memory. */
export type ModelSource = { readonly path: string } | { readonly bytes: Uint8Array };

export interface ProfileOptions {
  /** Real tensors by the name of the input, instead of generated ones. */
  readonly inputs?: Readonly<Record<string, TensorBytes>>;
  /** Sizes of free dimensions of the generated inputs, by name, or 'x[3]' for one without a name. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Runs over which medians are taken; 5 by default. */
  readonly runs?: number;
}

export interface MeasuredProfile {
  readonly profile: Profile;
  /** What was fed. */
  readonly inputs: NamedTensors;
  /** Free dimensions of the generated inputs with the sizes they had. */
  readonly freeDims: readonly FreeDim[];
}

/** Reads the model. @throws {BadInputError} `onnx-unreadable`, `onnx-incomplete` */
export const openForProfile = async (source: ModelSource): Promise<{ model: OnnxModel; loadable: LoadableModel }> => {
  const bytes = 'path' in source ? await readFile(source.path) : source.bytes;
  const model = readModel(bytes);
  model.graph.node.forEach((node, at) => {
    node.name = `node-${at}`;
  });
  const weightsFolder = 'path' in source ? dirname(source.path) : undefined;
  return { model, loadable: { bytes: writeModel(model, model.graph), weightsFolder } };
};

/**
 * Measures a model on this machine: type, shape and size of every tensor that is fed or that a node makes, from one run
 * without optimisation; and the time of every compute node at the runtime's own level, since that is how stages run. The
 * time of a fused node is shared among the nodes it stands for. (Times of stages predicted so, four networks cut in
 * seven or eight: summed errors of 15 % of the whole at level `all`, where times without optimisation give 25 %; 8 %
 * and 9 % at `basic`.)
 * @throws {BadInputError} `onnx-unreadable`, `onnx-incomplete`, `shard-unloadable`; `input-unsupported`;
 *   `free-dims-needed` when a run fails at guessed sizes; `run-failed`
 */
export const profileModel = async (
  source: ModelSource,
  runtime: ManifestRuntime,
  { inputs = {}, dims = {}, runs = 5 }: ProfileOptions = {},
): Promise<MeasuredProfile> => {
  const { model, loadable } = await openForProfile(source);
  const { tensors: feeds, freeDims } = generateInputs(model.graph, dims, inputs);
  const plain = { ...runtime, optimisation: 'disabled' } as const;
  const tensors = await orAskForDims(freeDims, () => measureTensors(model, loadable, plain, feeds));
  const measured = await instrumentedRuns(loadable, runtime, feeds, runs);
  return { profile: { nodes: nodeTimes(model, tensors, measured), tensors }, inputs: feeds, freeDims };
};

const nodeTimes = (
  { graph }: OnnxModel,
  tensors: Readonly<Record<string, ProfiledTensor>>,
  measured: InstrumentedRuns,
): Readonly<Record<string, number>> => {
  const flow = dataflow(graph);
  const shapes = allShapes(graph, tensors);
  const ran: RanNode[] = measured.nodes.map(({ name, input, output }) => ({
    name,
    input,
    output,
    timeMs: measured.events.get(name)?.timeMs ?? 0,
  }));
  return shareTimes(computeNodes(graph, flow), flow, ran, (node) => nodeCost(node, shapes));
};

const orAskForDims = async <T>(freeDims: readonly FreeDim[], run: () => Promise<T>): Promise<T> => {
  try {
    return await run();
  } catch (cause) {
    const guessed = freeDims.filter((dim) => dim.guessed);
    if (!(cause instanceof BadInputError) || cause.code !== 'run-failed' || guessed.length === 0) throw cause;
    const tried = guessed.map(({ name, size }) => `${name}=${size}`);
    throw new BadInputError(
      'free-dims-needed',
      `the graph did not run at the sizes guessed for its free dimensions (${tried.join(', ')}): ${cause.message}`,
      { next: `give their sizes: ${tried.map((dim) => `--dims ${dim}`).join(' ')}`, details: { guessed }, cause },
    );
  }
};
