import { dirname } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { BadInputError } from '../../shared/errors.ts';
import type { ManifestRuntime } from '../../shared/model/manifest.ts';
import { isElementType } from '../../shared/model/onnx/element-types.ts';
import type { TensorBytes } from '../../shared/protocol/digest.ts';
import { viewOf } from './numbers.ts';

/** Only the threads of one run are a choice; everything else that may change bytes or order is pinned. */
export const sessionOptions = (runtime: ManifestRuntime): InferenceSession.SessionOptions => ({
  executionProviders: [runtime.provider],
  graphOptimizationLevel: runtime.optimisation,
  intraOpNumThreads: runtime.intraOpThreads,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  // Errors only: warnings about a graph's style are of no use to whoever runs it.
  logSeverityLevel: 3,
});

/**
 * @param graph path of a file, with its external weights beside it, or its bytes
 * @throws {BadInputError} `shard-unloadable` when it is no graph that onnxruntime can run
 */
export const openSession = async (
  graph: string | Uint8Array,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> => {
  try {
    return await (typeof graph === 'string'
      ? InferenceSession.create(graph, options)
      : InferenceSession.create(graph, options));
  } catch (cause) {
    const folder = typeof graph === 'string' ? `${dirname(graph)}/` : '';
    const said = folder === '' ? reason(cause) : reason(cause).replaceAll(folder, '');
    throw new BadInputError('shard-unloadable', `onnxruntime cannot load this shard: ${said}`, {
      next: 'check that the model was made for this version of onnxruntime',
      cause,
    });
  }
};

/** @throws {BadInputError} `run-failed` when the graph refuses these feeds */
export const runSession = async (
  loaded: InferenceSession,
  feeds: InferenceSession.FeedsType,
): Promise<InferenceSession.ReturnType> => {
  try {
    return await loaded.run(feeds);
  } catch (cause) {
    throw new BadInputError('run-failed', `the graph refused its input: ${reason(cause)}`, {
      next: 'check that the stage before is of the same model',
      cause,
    });
  }
};

/** The runtime's own text without what it may quote of the data. */
const reason = (cause: unknown): string => (cause instanceof Error ? cause.message.slice(0, 300) : 'no reason given');

/** @throws {BadInputError} `run-failed` without a tensor, or for an element type that does not travel */
export const toTensor = (tensor: TensorBytes | undefined, name: string): Tensor => {
  if (!tensor || !isElementType(tensor.dtype)) {
    throw new BadInputError('run-failed', `input '${name}' has no tensor of a known type`, {
      next: "correct the manifest's codecs",
    });
  }
  const view = viewOf(tensor);
  const made = new Tensor(tensor.dtype, view, [...tensor.dims]);
  // Where the platform has Float16Array the class makes one, which the binding (1.30.0) reads as empty.
  return tensor.dtype === 'float16' ? Object.defineProperty(made, 'data', { value: view }) : made;
};

/** @throws {BadInputError} `run-failed` for what is not a tensor of numbers */
export const fromTensor = (value: InferenceSession.OnnxValueMapType[string] | undefined, name: string): TensorBytes => {
  const data = value?.data;
  if (!value || !ArrayBuffer.isView(data)) {
    throw new BadInputError('run-failed', `output '${name}' is not a tensor of numbers`, {
      next: 'use a graph whose outputs are tensors',
    });
  }
  return { dtype: value.type, dims: value.dims, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
};
