import { resultKind } from '../chain/proof/result-kind.ts';
import { BadInputError, InvariantError } from '../errors.ts';
import type { Chain } from '../ports/chain.ts';
import { fromHex } from '../protocol/encoding.ts';
import type { ApiHttp } from './http.ts';

export interface ClientResult {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  /** The bytes as text, for models that answer in text. */
  readonly text: string;
  readonly digest: string;
}

/** Digest of the contract's own state: what the API says of it is not asked. */
const settledDigest = async (chain: Chain, queryId: number): Promise<string> => {
  const query = await chain.query(queryId);
  const digest = query?.outcome?.digest;
  if (digest !== undefined) return digest;
  const found = query ? `is in phase ${query.phase}` : 'is unknown there';
  throw new BadInputError('not-yet-verified', `the contract has no verified answer to query ${queryId}: it ${found}`, {
    next: `Wait for it with 'quorate status ${queryId} --wait', or see 'quorate why ${queryId}'.`,
    details: { queryId, phase: query?.phase ?? null },
  });
};

/**
 * The API's bytes, taken only when they have the digest that the contract holds.
 * @throws {BadInputError} `not-yet-verified`; {InvariantError} `result-refused`; and what the API refuses
 */
export const checkedResult = async (
  api: ApiHttp,
  chain: () => Promise<Chain>,
  queryId: number,
): Promise<ClientResult> => {
  const { bytes, mediaType } = await api.bytes(`/v1/queries/${queryId}/result`);
  const digest = await settledDigest(await chain(), queryId);
  if (resultKind(bytes, fromHex(digest))) return { bytes, mediaType, digest, text: new TextDecoder().decode(bytes) };
  throw new InvariantError('result-refused', `the API's answer to query ${queryId} is not the one on chain`, {
    next: 'Do not use it; ask the deployment of another node of the majority.',
    details: { queryId, digest },
  });
};
