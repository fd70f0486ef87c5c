import { BadInputError } from '../../shared/errors.ts';
import { type Manifest, parseManifest } from '../../shared/model/manifest.ts';
import { BlobMissingError } from '../../shared/ports/blob-errors.ts';
import type { ModelState } from '../../shared/protocol/state.ts';
import type { ApiDeps } from './deps.ts';

/** The id that a request means. @throws {BadInputError} `no-default-model` */
export const modelOrDefault = ({ config }: ApiDeps, id: string | undefined): string => {
  const model = id ?? config.defaultModel;
  if (model !== undefined) return model;
  throw new BadInputError('no-default-model', 'the request names no model and this deployment has no default', {
    next: 'Name one of GET /v1/models.',
  });
};

/** @throws {BadInputError} `unknown-model`, `model-withdrawn` */
export const modelOnSale = async ({ chain }: ApiDeps, id: string): Promise<ModelState> => {
  const model = await chain.model(id);
  const next = 'Choose one of GET /v1/models.';
  if (!model) throw new BadInputError('unknown-model', `the contract has no model ${id}`, { next, details: { id } });
  if (model.withdrawn) {
    throw new BadInputError('model-withdrawn', `model ${id} was withdrawn by its owner`, { next, details: { id } });
  }
  return model;
};

/** Undefined when the model is not installed here. */
export const manifestIfHere = async ({ blobs }: ApiDeps, id: string): Promise<Manifest | undefined> => {
  try {
    return parseManifest(await blobs.get(id));
  } catch (error) {
    if (error instanceof BlobMissingError) return undefined;
    throw error;
  }
};

/** @throws {BadInputError} `model-not-installed` */
export const manifestOf = async (deps: ApiDeps, id: string): Promise<Manifest> => {
  const manifest = await manifestIfHere(deps, id);
  if (manifest) return manifest;
  throw new BadInputError('model-not-installed', `this deployment does not hold the manifest of model ${id}`, {
    next: 'Choose a model that GET /v1/models shows as installed, or ask at another deployment.',
    details: { id },
  });
};
