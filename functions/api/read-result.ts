import { resultKind } from '../../shared/chain/proof/result-kind.ts';
import { BadInputError, InvariantError } from '../../shared/errors.ts';
import { RunRef } from '../../shared/messages/ids.ts';
import { BlobMissingError } from '../../shared/ports/blob-errors.ts';
import { fromHex } from '../../shared/protocol/encoding.ts';
import { RunRow, runKey, runsOfQuery } from '../../shared/rows/run.ts';
import type { ApiDeps } from './deps.ts';
import { manifestIfHere } from './models.ts';
import { readQuery } from './read-query.ts';
import type { QueryView } from './schemas/queries.ts';

export interface ResultBytes {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  /** Result digest, as the contract holds it. */
  readonly digest: string;
}

/** Runs of this deployment's nodes on a query, all attempts. */
export const runsOf = async ({ store, chain }: ApiDeps, queryId: number): Promise<RunRow[]> => {
  const refs = await store.list(runsOfQuery(chain.chainId, queryId), { limit: 1_000 });
  const rows = await Promise.all(refs.map(({ body }) => store.get(runKey(RunRef.parse(body)))));
  return rows.filter((row) => row !== undefined).map((row) => RunRow.parse(row.body));
};

/** @throws {BadInputError} `unknown-query`, `not-yet-verified`, `query-refunded` */
export const verifiedQuery = async (
  deps: ApiDeps,
  queryId: number,
): Promise<QueryView & { readonly digest: string }> => {
  const query = await readQuery(deps, queryId);
  if (query.status === 'verified' && query.digest !== undefined) return { ...query, digest: query.digest };
  const details = { queryId, status: query.status, attempt: query.attempt, reason: query.reason ?? null };
  if (query.status === 'refunded') {
    throw new BadInputError('query-refunded', `query ${queryId} has no answer: it was refunded (${query.reason})`, {
      next: `GET /v1/queries/${queryId}/why says what happened; the fee is back with the asker, ask again.`,
      details,
    });
  }
  throw new BadInputError('not-yet-verified', `query ${queryId} is ${query.status} (attempt ${query.attempt})`, {
    next: `Try again after a few blocks; GET /v1/queries/${queryId}/why says what it waits for.`,
    details,
  });
};

/**
 * The bytes that the committee agreed on, from one of this deployment's runs that voted for them. Digested again before they
 * go out: what was computed here is an answer only if it is the one that the contract settled on.
 * @throws {BadInputError} `result-not-held` when none of the runs here gave the winning digest, `result-too-large` for this host, and
 *   as {@link verifiedQuery}
 */
export const readResult = async (deps: ApiDeps, queryId: number): Promise<ResultBytes> => {
  const { digest, model } = await verifiedQuery(deps, queryId);
  const outputs = (await runsOf(deps, queryId)).flatMap(({ result }) =>
    result?.digest === digest ? [result.output] : [],
  );
  for (const output of new Set(outputs)) {
    const bytes = await blobIfHere(deps, output);
    if (!bytes) continue;
    if (!resultKind(bytes, fromHex(digest))) {
      throw new InvariantError('result-digest', `the stored result of query ${queryId} is not the one it committed to`);
    }
    const { maxBodyBytes = bytes.length } = deps.config;
    if (bytes.length > maxBodyBytes) throw tooLarge(queryId, output, bytes.length, maxBodyBytes);
    const manifest = await manifestIfHere(deps, model);
    return { bytes, digest, mediaType: manifest?.result.mediaType ?? 'application/octet-stream' };
  }
  throw new BadInputError('result-not-held', `no node of this deployment has the answer to query ${queryId}`, {
    next: `Ask the deployment of a node that was in the majority; GET /v1/queries/${queryId}/why names ours.`,
    details: { queryId, digest },
  });
};

const tooLarge = (queryId: number, blob: string, sizeBytes: number, maxBytes: number): BadInputError =>
  new BadInputError(
    'result-too-large',
    `the answer to query ${queryId} has ${sizeBytes} bytes; this host's answers have at most ${maxBytes}`,
    { next: 'Take the blob from the bucket of this deployment.', details: { queryId, blob, sizeBytes, maxBytes } },
  );

const blobIfHere = async ({ blobs }: ApiDeps, hash: string): Promise<Uint8Array | undefined> => {
  try {
    return await blobs.get(hash);
  } catch (error) {
    if (error instanceof BlobMissingError) return undefined;
    throw error;
  }
};
