import type { PageRequest, PageResponse } from 'cosmjs-types/cosmos/base/query/v1beta1/pagination';
import type { Entry, KvReader } from '../state/kv.ts';
import { GrpcStatusError } from './errors.ts';

/** wasmd's maxResultEntries: what a page holds by default and at most. */
const MAX_ENTRIES = 100;

/**
 * One page of a store's entries, by `key` and perhaps reversed, as wasmd's queries give them (v0.61 keeper/querier.go
 * ensurePaginationParams): `nextKey` is empty at the end, nothing is counted. Throws GrpcStatusError for an offset or a count.
 */
export function paginate(
  store: KvReader,
  page: PageRequest | undefined,
): { entries: Entry[]; pagination: PageResponse } {
  if (page !== undefined && (page.offset !== 0n || page.countTotal)) {
    throw new GrpcStatusError('InvalidArgument', 'offset and count queries not supported');
  }
  const key = page !== undefined && page.key.length > 0 ? page.key : undefined;
  const asked = Number(page?.limit ?? 0n);
  const limit = asked > 0 && asked <= MAX_ENTRIES ? asked : MAX_ENTRIES;
  const reverse = page?.reverse ?? false;
  const start = reverse ? undefined : key;
  // A reversed page begins at its key, and a scan's upper bound is exclusive.
  const end = reverse && key !== undefined ? Uint8Array.of(...key, 0) : undefined;
  const entries: Entry[] = [];
  let nextKey = new Uint8Array(0);
  for (const entry of store.scan(start, end, reverse ? 'descending' : 'ascending')) {
    if (entries.length < limit) entries.push(entry);
    else {
      nextKey = entry[0].slice();
      break;
    }
  }
  return { entries, pagination: { nextKey, total: 0n } };
}
