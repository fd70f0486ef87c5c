import { z } from 'zod';
import { Hash } from '../../shared/messages/ids.ts';
import { BlobMissingError } from '../../shared/ports/blob-errors.ts';
import type { Key } from '../../shared/ports/store.ts';
import { buildReceipt } from './build-receipt.ts';
import type { ApiDeps } from './deps.ts';
import { verifiedQuery } from './read-result.ts';

const ReceiptRow = z.strictObject({ hash: Hash });
const receiptKey = (chainId: string, queryId: number): Key => ({ pk: `receipts/${chainId}`, sk: String(queryId) });

/**
 * The receipt file of a verified query. Built once and kept: a settled query never changes, and a chain node may have
 * pruned its blocks by the next time.
 * @throws {BadInputError} as {@link verifiedQuery}
 */
export const readReceipt = async (deps: ApiDeps, queryId: number): Promise<{ bytes: Uint8Array; hash: string }> => {
  await verifiedQuery(deps, queryId);
  const key = receiptKey(deps.chain.chainId, queryId);
  const stored = await deps.store.get(key);
  const kept = stored && (await keptReceipt(deps, ReceiptRow.parse(stored.body).hash));
  if (kept) return kept;
  const bytes = await buildReceipt(deps, queryId);
  const hash = await deps.blobs.put(bytes);
  await deps.store.transact([{ kind: 'put', key, body: { hash }, expect: 'any' }]);
  return { bytes, hash };
};

const keptReceipt = async ({ blobs }: ApiDeps, hash: string) => {
  try {
    return { bytes: await blobs.get(hash), hash };
  } catch (error) {
    if (error instanceof BlobMissingError) return undefined;
    throw error;
  }
};
