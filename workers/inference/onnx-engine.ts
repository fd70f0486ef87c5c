import { dirname } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { BadInputError } from '../../shared/errors.ts';
import type { ManifestRuntime } from '../../shared/model/manifest.ts';
import { ELEMENT_TYPES, isElementType } from '../../shared/model/onnx/element-types.ts';
import { aligned } from '../../shared/model/tensors.ts';
import type { TensorBytes } from '../../shared/protocol/digest.ts';
import type { InferenceEngine, StageSession } from './engine.ts';

/** Only the threads of one run are a choice; everything else that may change bytes or order is pinned. */
const options = (runtime: ManifestRuntime): InferenceSession.SessionOptions => ({
  executionProviders: [runtime.provider],
  graphOptimizationLevel: runtime.optimisation,
  intraOpNumThreads: runtime.intraOpThreads,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  // Errors only: warnings about a graph's style are of no use to whoever runs it.
  logSeverityLevel: 3,
});

/**
 * ONNX Runtime on the CPU. `run` blocks its thread while the graph runs (the binding is synchronous): give each
 * worker a thread.
 */
export const onnxEngine: InferenceEngine = {
  load: async (path, runtime) => {
    try {
      return session(await InferenceSession.create(path, options(runtime)));
    } catch (cause) {
      throw new BadInputError(
        'shard-unloadable',
        `onnxruntime cannot load this shard: ${reason(cause).replaceAll(`${dirname(path)}/`, '')}`,
        {
          next: 'check that the model was made for this version of onnxruntime',
          cause,
        },
      );
    }
  },
};

const session = (loaded: InferenceSession): StageSession => ({
  inputs: loaded.inputNames,
  outputs: loaded.outputNames,
  run: async (feeds) => {
    const named = Object.fromEntries(loaded.inputNames.map((name, i) => [name, toTensor(feeds[i], name)]));
    const results = await run(loaded, named);
    return loaded.outputNames.map((name) => fromTensor(results[name], name));
  },
  release: () => loaded.release(),
});

const run = async (
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

const VIEWS = {
  float32: Float32Array,
  float64: Float64Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
  float16: Uint16Array,
} as const;

const toTensor = (tensor: TensorBytes | undefined, name: string): Tensor => {
  if (!tensor || !isElementType(tensor.dtype)) {
    throw new BadInputError('run-failed', `input '${name}' has no tensor of a known type`, {
      next: "correct the manifest's codecs",
    });
  }
  const { bytes } = ELEMENT_TYPES[tensor.dtype];
  const data = aligned(tensor.data, bytes);
  const view = new VIEWS[tensor.dtype](data.buffer as ArrayBuffer, data.byteOffset, data.length / bytes);
  return new Tensor(tensor.dtype, view, [...tensor.dims]);
};

const fromTensor = (value: InferenceSession.OnnxValueMapType[string] | undefined, name: string): TensorBytes => {
  const data = value?.data;
  if (!value || !ArrayBuffer.isView(data)) {
    throw new BadInputError('run-failed', `output '${name}' is not a tensor of numbers`, {
      next: 'use a graph whose outputs are tensors',
    });
  }
  return { dtype: value.type, dims: value.dims, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
};
