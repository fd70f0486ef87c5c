import { BadInputError } from '../../shared/errors.ts';
import { QueryRow, queriesPartition, queryKey, queryRow } from '../../shared/rows/query.ts';
import type { ApiDeps } from './deps.ts';
import type { QueryView } from './schemas/queries.ts';

export const linksOf = (queryId: number): Record<string, string> => {
  const query = `/v1/queries/${queryId}`;
  return {
    query,
    result: `${query}/result`,
    receipt: `${query}/receipt`,
    money: `${query}/money`,
    why: `${query}/why`,
  };
};

const viewRow = ({ chainId: _, ...row }: QueryRow): QueryView => ({ ...row, links: linksOf(row.queryId) });

export const unknownQuery = (queryId: number): BadInputError =>
  new BadInputError('unknown-query', `the contract has no query ${queryId}`, {
    next: 'Use an id of GET /v1/queries; if it was asked just now, try again after the next block.',
    details: { queryId },
  });

/**
 * The read model, or the contract itself where the read model has nothing yet: so an ask can be followed from its block on.
 * @throws {BadInputError} `unknown-query`
 */
export const readQuery = async ({ store, chain }: ApiDeps, queryId: number): Promise<QueryView> => {
  const stored = await store.get(queryKey(chain.chainId, queryId));
  if (stored) return viewRow(QueryRow.parse(stored.body));
  const { height } = await chain.head();
  const state = await chain.query(queryId);
  if (!state) throw unknownQuery(queryId);
  return viewRow({ ...queryRow(chain.chainId, state, height), history: [] });
};

/** Known queries by id, ascending. */
export const listQueries = async ({ store, chain }: ApiDeps, after: number | undefined, limit: number) => {
  const rows = await store.list(queriesPartition(chain.chainId), {
    limit: limit + 1,
    ...(after !== undefined && { after: queryKey(chain.chainId, after).sk }),
  });
  const queries = rows.slice(0, limit).map((row) => viewRow(QueryRow.parse(row.body)));
  const last = queries.at(-1);
  return { queries, next: rows.length > limit && last ? String(last.queryId) : null };
};
