import type { PageRequest, PageResponse } from 'cosmjs-types/cosmos/base/query/v1beta1/pagination';
import type { Entry, KvReader } from '../state/kv.ts';
import { sdkErrors } from './errors.ts';

const DEFAULT_LIMIT = 100;

/**
 * One page of a store's entries, as cosmos-sdk types/query Paginate: by `key` or by `offset`, optionally counted and
 * reversed; `nextKey` is empty at the end. Throws sdk code 18 when both key and offset are given.
 */
export function paginate(
  store: KvReader,
  page: PageRequest | undefined,
): { entries: Entry[]; pagination: PageResponse } {
  const key = page !== undefined && page.key.length > 0 ? page.key : undefined;
  const offset = Number(page?.offset ?? 0n);
  if (key !== undefined && offset > 0) throw sdkErrors.invalidRequest('either offset or key is expected, got both');
  const limit = Number(page?.limit ?? 0n) || DEFAULT_LIMIT;
  const countTotal = (page?.countTotal ?? false) || page === undefined;
  const reverse = page?.reverse ?? false;
  const start = reverse ? undefined : key;
  // A reversed page begins at its key, and a scan's upper bound is exclusive.
  const end = reverse && key !== undefined ? Uint8Array.of(...key, 0) : undefined;
  const entries: Entry[] = [];
  let nextKey = new Uint8Array(0);
  let seen = 0;
  for (const entry of store.scan(start, end, reverse ? 'descending' : 'ascending')) {
    seen += 1;
    if (seen <= offset) continue;
    if (entries.length < limit) entries.push(entry);
    else if (nextKey.length === 0) {
      nextKey = entry[0].slice();
      if (!countTotal || key !== undefined) break;
    }
  }
  const total = countTotal && key === undefined ? BigInt(seen) : 0n;
  return { entries, pagination: { nextKey, total } };
}
