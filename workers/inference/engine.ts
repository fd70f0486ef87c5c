import type { ManifestRuntime } from '../../shared/model/manifest.ts';
import type { TensorBundle } from '../../shared/model/tensors.ts';

/** A loaded graph. */
export interface StageSession {
  /** Names of the graph's inputs and outputs; tensors are given in these orders. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /**
   * One run. The same feeds give the same bytes.
   * @param feeds one tensor per input
   * @throws {BadInputError} `run-failed` when the graph refuses these feeds
   */
  run(feeds: TensorBundle): Promise<TensorBundle>;
  release(): Promise<void>;
}

/** Runs graphs. The implementation decides how; `runtime` pins everything that changes bytes. */
export interface InferenceEngine {
  /**
   * @param path of a graph, with the weights that are not in it beside it
   * @throws {BadInputError} `shard-unloadable` when the file is no graph that this engine can run
   */
  load(path: string, runtime: ManifestRuntime): Promise<StageSession>;
}
