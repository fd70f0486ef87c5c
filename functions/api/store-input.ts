import { BadInputError } from '../../shared/errors.ts';
import { checkImage } from '../../shared/model/image.ts';
import type { ManifestInput } from '../../shared/model/manifest.ts';
import { BlobMissingError } from '../../shared/ports/blob-errors.ts';
import type { Write } from '../../shared/ports/store.ts';
import { toHex } from '../../shared/protocol/encoding.ts';
import { sha256 } from '../../shared/protocol/sha2.ts';
import type { ApiDeps } from './deps.ts';
import { InputRow, inputKey } from './input-row.ts';
import { manifestOf, modelOrDefault } from './models.ts';

/** Checks an input against what a model takes. @throws {BadInputError} `not-an-image`, `image-too-large`, `input-too-large` */
export const describeInput = (bytes: Uint8Array, allowed: ManifestInput): InputRow => {
  const row = { hash: toHex(sha256(bytes)), sizeBytes: bytes.length };
  if (allowed.kind === 'image') return { ...row, mediaType: checkImage(bytes, allowed).mediaType };
  if (bytes.length > allowed.maxBytes) {
    throw new BadInputError(
      'input-too-large',
      `the input has ${bytes.length} bytes; at most ${allowed.maxBytes} are allowed`,
      { next: 'Send a smaller input.', details: { bytes: bytes.length, maxBytes: allowed.maxBytes } },
    );
  }
  return { ...row, mediaType: 'application/octet-stream' };
};

export const inputWrite = (row: InputRow): Write => ({
  kind: 'put',
  key: inputKey(row.hash),
  body: row,
  expect: 'any',
});

export const inputUri = ({ config }: ApiDeps, hash: string): string => `${config.publicUrl}/v1/inputs/${hash}`;

/** Limits of the input of the model that is meant. @throws {BadInputError} `no-default-model`, `model-not-installed` */
export const inputLimits = async (deps: ApiDeps, model: string | undefined): Promise<ManifestInput> =>
  (await manifestOf(deps, modelOrDefault(deps, model))).input;

/** Keeps an input that the model takes; the same bytes again change nothing. */
export const storeInput = async (deps: ApiDeps, bytes: Uint8Array, allowed: ManifestInput): Promise<InputRow> => {
  const row = describeInput(bytes, allowed);
  await deps.blobs.put(bytes);
  await deps.store.transact([inputWrite(row)]);
  return row;
};

const unknownInput = (hash: string): BadInputError =>
  new BadInputError('unknown-input', `no input ${hash} is here`, {
    next: 'Send it with POST /v1/inputs first.',
    details: { hash },
  });

/** Bytes of any blob that is to be an input. @throws {BadInputError} `unknown-input` */
export const inputBytes = async ({ blobs }: ApiDeps, hash: string): Promise<Uint8Array> => {
  try {
    return await blobs.get(hash);
  } catch (error) {
    if (error instanceof BlobMissingError) throw unknownInput(hash);
    throw error;
  }
};

/** An input that was taken here, for whoever computes on it. @throws {BadInputError} `unknown-input` */
export const readInput = async (deps: ApiDeps, hash: string): Promise<{ row: InputRow; bytes: Uint8Array }> => {
  const stored = await deps.store.get(inputKey(hash));
  if (!stored) throw unknownInput(hash);
  return { row: InputRow.parse(stored.body), bytes: await inputBytes(deps, hash) };
};
