import { TransientError } from '../../shared/errors.ts';
import type { LedgerEvent } from '../../shared/ledger/acts-missing.ts';
import type { Transaction } from '../../shared/ledger/gas.ts';
import { queryMoney } from '../../shared/ledger/query-money.ts';
import { summaryOf } from '../../shared/ledger/summary.ts';
import { runTxId } from '../../shared/messages/ids.ts';
import type { QueryState, SeatState } from '../../shared/protocol/state.ts';
import { TxRow, txKey } from '../../shared/rows/transaction.ts';
import type { ApiDeps } from './deps.ts';
import { eventsOf } from './query-events.ts';
import { unknownQuery } from './read-query.ts';
import { runsOf } from './read-result.ts';
import type { MoneyView } from './schemas/money.ts';

/**
 * Every movement of money of one query. Amounts come from the contract's own state, transactions from stored events and from this
 * deployment's own transactions (those that failed have no events).
 * @throws {BadInputError} `unknown-query`
 * @throws {TransientError} `money-incomplete` naming what is not known here; `query-moves`; `rpc-unavailable`
 * @throws {InvariantError} `money-disagrees`
 */
export const readMoney = async (deps: ApiDeps, queryId: number): Promise<MoneyView> => {
  const { query, seats } = await stateOf(deps, queryId);
  const { events, hashes, leftOut } = await eventsAndHashes(deps, queryId);
  for (const hash of await ownHashes(deps, queryId)) hashes.add(hash);
  const transactions = await transactionsOf(deps, queryId, hashes);
  const { entries, gas } = queryMoney({ contract: deps.chain.contract, query, seats, events, transactions });
  return {
    queryId,
    phase: query.phase,
    summary: textOf(summaryOf(entries)),
    gas: gas.map((stage) => ({ ...stage, feesUnes: String(stage.feesUnes) })),
    entries: entries.map((entry) => ({ ...entry, unes: String(entry.unes) })),
    sumUnes: String(entries.reduce((sum, { unes }) => sum + unes, 0n)),
    laterSettlementsLeftOut: leftOut,
  };
};

const textOf = <K extends string>(amounts: Readonly<Record<K, bigint>>): Record<K, string> =>
  Object.fromEntries(Object.entries(amounts).map(([name, unes]) => [name, String(unes)])) as Record<K, string>;

const READS = 3;

/** Query and seats of one moment: each read may be of another block, so it is read again while the query moves on. */
const stateOf = async (
  { chain }: ApiDeps,
  queryId: number,
): Promise<{ readonly query: QueryState; readonly seats: SeatState[] }> => {
  for (let read = 0; read < READS; read++) {
    const query = await chain.query(queryId);
    if (!query) throw unknownQuery(queryId);
    const attempts = Array.from({ length: query.opening ? query.attempt + 1 : 0 }, (_, i) => i);
    const seats = (await Promise.all(attempts.map((attempt) => chain.seats(queryId, attempt)))).flat();
    const again = await chain.query(queryId);
    if (again && momentOf(again) === momentOf(query)) return { query, seats };
  }
  throw new TransientError('query-moves', `query ${queryId} moved on at each of ${READS} readings`);
};

const momentOf = ({ attempt, outcome, opening }: QueryState): string =>
  [attempt, outcome?.height, opening?.committed, opening?.revealed].join();

/** Anyone may settle a final query again, as often as they like: of those that did nothing, so many are counted. */
const MAX_NOOPS = 50;
const MAX_EVENTS = 5_000;

const eventsAndHashes = async (deps: ApiDeps, queryId: number) => {
  const events: LedgerEvent[] = [];
  const hashes = new Set<string>();
  const noops = new Set<string>();
  let read = 0;
  for await (const { kind, txHash, attributes } of eventsOf(deps, queryId)) {
    if (read++ >= MAX_EVENTS) break;
    if (attributes.outcome === 'noop') noops.add(txHash);
    else {
      events.push({ kind, txHash, attributes });
      hashes.add(txHash);
    }
  }
  const extra = [...noops].filter((hash) => !hashes.has(hash));
  for (const hash of extra.slice(0, MAX_NOOPS)) hashes.add(hash);
  return { events, hashes, leftOut: Math.max(0, extra.length - MAX_NOOPS) };
};

/** Hashes of the transactions that this deployment's nodes got into blocks for the query, whatever became of them. */
const ownHashes = async (deps: ApiDeps, queryId: number): Promise<string[]> => {
  const hashes: string[] = [];
  for (const { run } of await runsOf(deps, queryId)) {
    for (const kind of ['commit', 'reveal', 'settle'] as const) {
      for (let tries = 1; ; tries++) {
        const stored = await deps.store.get(txKey(runTxId(run, kind, tries)));
        if (!stored) break;
        const row = TxRow.parse(stored.body);
        if (row.state === 'included') hashes.push(row.hash);
      }
    }
  }
  return hashes;
};

const TOGETHER = 8;

const transactionsOf = async (
  { chain }: ApiDeps,
  queryId: number,
  hashes: ReadonlySet<string>,
): Promise<Map<string, Transaction>> => {
  const found = new Map<string, Transaction>();
  const wanted = [...hashes];
  for (let at = 0; at < wanted.length; at += TOGETHER) {
    const some = wanted.slice(at, at + TOGETHER);
    const txs = await Promise.all(some.map((hash) => chain.transaction(hash)));
    txs.forEach((tx, i) => {
      if (tx) found.set(some[i] as string, tx);
    });
  }
  const unknown = wanted.filter((hash) => !found.has(hash));
  if (unknown.length === 0) return found;
  throw new TransientError(
    'money-incomplete',
    `the node does not have ${unknown.length} of ${wanted.length} transactions of query ${queryId}, ${unknown[0]} among them`,
    {
      next: 'Try again after the next block; if it lasts, use an RPC that indexes and keeps old transactions.',
      details: { queryId, missing: unknown.map((hash) => `transaction ${hash}`) },
    },
  );
};
