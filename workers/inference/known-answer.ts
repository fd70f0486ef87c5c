import { InvariantError } from '../../shared/errors.ts';
import { parseManifest } from '../../shared/model/manifest.ts';
import { computeStage, type StageMachine } from './compute-stage.ts';
import { localRuntime } from './runtime.ts';

export interface KnownAnswer {
  /** A node serves the model only when this holds. */
  readonly equal: boolean;
  /** Result digests, lower-case hex. */
  readonly expected: string;
  readonly computed: string;
  /** This machine's own class, as its receipts will carry it. */
  readonly runtimeClass: string;
}

/**
 * Runs the manifest's known answer through the same stages as a query, on this machine.
 * @throws {BlobMissingError} when the model is not installed whole
 */
export const runKnownAnswer = async (model: string, machine: StageMachine): Promise<KnownAnswer> => {
  const manifest = parseManifest(await machine.blobs.get(model));
  const runtime = localRuntime(manifest.runtime);
  let input = await machine.blobs.get(manifest.knownAnswer.input);
  let computed: string | undefined;
  for (const stage of manifest.stages.keys()) {
    const task = { manifest, runtime, stage, input };
    const result = await computeStage(machine, task, async () => {});
    input = result.output;
    computed = result.outRoot();
  }
  if (computed === undefined) throw new InvariantError('no-stages', 'a manifest has at least one stage');
  const expected = manifest.knownAnswer.digest;
  return { equal: computed === expected, expected, computed, runtimeClass: runtime.class };
};
