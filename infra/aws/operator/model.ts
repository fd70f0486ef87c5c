import type { AccountSigner } from '../../../shared/ports/signer.ts';
import type { ModelState } from '../../../shared/protocol/state.ts';
import type { InstalledModel, InstallOptions } from '../../../workers/inference/install-ocr.ts';
import { installTriedModel, type TriedModel } from '../../../workers/inference/try-model.ts';
import { registerModel } from '../../local/bootstrap.ts';
import { type Operation, onChain } from './operation.ts';

/** Puts the recogniser's blobs where this deployment's workers find them. */
export const installModel = async ({ blobs }: Operation, options: InstallOptions = {}): Promise<TriedModel> =>
  await installTriedModel(await blobs(), options);

const ROUND_MS = 6_000;
const REVEAL_MS = 120_000;
/** Time for a cold Batch job to start and for the stages to run. */
export const COMMIT_MS = 600_000;

/** Windows of a model in blocks, of at least these times. The contract bounds what three attempts may take. */
export const windowsOf = (blockMs: number, commitMs = COMMIT_MS): ModelState['windows'] => ({
  roundBlocks: Math.ceil(ROUND_MS / blockMs),
  commitBlocks: Math.ceil(commitMs / blockMs),
  revealBlocks: Math.ceil(REVEAL_MS / blockMs),
});

/** Makes the model known to the contract, unless it is: who registers it owns it. @throws as {@link onChain} */
export const publishModel = async (
  { chain: open }: Operation,
  { model, manifest }: InstalledModel,
  owner: AccountSigner,
  windows: ModelState['windows'],
): Promise<void> => {
  const { comet, chain, terms } = await open();
  await onChain(() => registerModel(comet, chain, owner, model, manifest, windows, terms));
};
