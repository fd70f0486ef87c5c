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
  /** @throws {BadInputError} `shard-unloadable` when the bytes are no graph that this engine can run */
  load(shard: Uint8Array, runtime: ManifestRuntime): Promise<StageSession>;
}
