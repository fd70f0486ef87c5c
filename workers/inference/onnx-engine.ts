import type { InferenceSession } from 'onnxruntime-node';
import type { InferenceEngine, StageSession } from './engine.ts';
import { fromTensor, openSession, runSession, sessionOptions, toTensor } from './onnx-session.ts';

/**
 * ONNX Runtime on the CPU. `run` blocks its thread while the graph runs (the binding is synchronous): give each
 * worker a thread.
 */
export const onnxEngine: InferenceEngine = {
  load: async (path, runtime) => session(await openSession(path, sessionOptions(runtime))),
};

const session = (loaded: InferenceSession): StageSession => ({
  inputs: loaded.inputNames,
  outputs: loaded.outputNames,
  run: async (feeds) => {
    const named = Object.fromEntries(loaded.inputNames.map((name, i) => [name, toTensor(feeds[i], name)]));
    const results = await runSession(loaded, named);
    return loaded.outputNames.map((name) => fromTensor(results[name], name));
  },
  release: () => loaded.release(),
});
