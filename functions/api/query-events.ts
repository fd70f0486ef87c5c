import { EventRow, eventsPartition } from '../../shared/rows/coverage.ts';
import type { ApiDeps } from './deps.ts';

const PAGE = 500;

/** The stored events of a query in the order of the chain. */
export async function* eventsOf({ store, chain }: ApiDeps, queryId: number): AsyncGenerator<EventRow> {
  let after: string | undefined;
  do {
    const page = { limit: PAGE, ...(after !== undefined && { after }) };
    const rows = await store.list(eventsPartition(chain.chainId, queryId), page);
    for (const row of rows) yield EventRow.parse(row.body);
    after = rows.length < PAGE ? undefined : rows.at(-1)?.sk;
  } while (after !== undefined);
}
