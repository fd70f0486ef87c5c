import { expireMessage, settleMessage } from '../../shared/chain/contract-messages.ts';
import type { Write } from '../../shared/ports/store.ts';
import { ConditionFailedError } from '../../shared/ports/store-errors.ts';
import { phaseAt } from '../../shared/protocol/phase.ts';
import type { QueryState } from '../../shared/protocol/state.ts';
import { type AnomalyRow, anomalyKey, CursorRow, cursorKey, eventWrite } from '../../shared/rows/coverage.ts';
import { planTransaction } from '../../shared/rows/plan-transaction.ts';
import { openQueries, QueryRow, queryKey } from '../../shared/rows/query.ts';
import { wakeQuery } from '../../shared/rows/wake-query.ts';
import { type ReconcileDeps, SWEEP_LIMIT } from './deps.ts';

/** A settlement that did not get in is planned again after this many blocks, under a new id. */
const SWEEP_BLOCKS = 40;

/**
 * Compares the contract's own list of live queries with ours: one that no event told of is an anomaly and is served all the
 * same (promise P1); what is overdue is settled or expired (promise P6); everything that is not final is looked at again.
 * @returns how many queries were looked at
 */
export const sweepQueries = async (deps: ReconcileDeps): Promise<number> => {
  const { store, chain } = deps;
  const { chainId } = chain;
  const { height } = await chain.head();
  const cursor = await store.get(cursorKey(chainId));
  const covered = cursor ? CursorRow.parse(cursor.body).next - 1 : -1;
  const live = new Map<number, QueryState>();
  for (let after: number | undefined; ; ) {
    const page = await chain.live(after, SWEEP_LIMIT);
    for (const query of page) live.set(query.id, query);
    after = page.at(-1)?.id;
    if (page.length < SWEEP_LIMIT) break;
  }
  for (const query of live.values()) {
    const known = await store.get(queryKey(chainId, query.id));
    if (!known && query.askedHeight <= covered) await recordHidden(deps, query, height);
    await settleOverdue(deps, query, height);
  }
  const open = await store.due(openQueries(chainId), height, SWEEP_LIMIT);
  const ids = new Set([...live.keys(), ...open.map((row) => QueryRow.parse(row.body).queryId)]);
  for (const queryId of ids) await store.transact([look(deps, queryId, height)]);
  return ids.size;
};

const look = ({ chain, clock }: ReconcileDeps, queryId: number, height: number): Write =>
  wakeQuery(
    `sweep/${chain.chainId}/${queryId}/${height}`,
    { kind: 'query', query: { chainId: chain.chainId, queryId }, eventId: `${chain.chainId}/${height}/sweep` },
    clock.nowMs(),
  );

const recordHidden = async (
  { store, chain, clock }: ReconcileDeps,
  query: QueryState,
  height: number,
): Promise<void> => {
  const detail = `query ${query.id} was asked at height ${query.askedHeight}, which is covered, but no event told of it`;
  const body: AnomalyRow = { kind: 'hidden-event', queryId: query.id, height, detail, atMs: clock.nowMs() };
  // What was kept silent once may be told now: receipts need these events.
  const { events } = await chain.block(query.askedHeight);
  const found = events.filter(({ queryId }) => queryId === query.id).map((event) => eventWrite(chain.chainId, event));
  await store.transact([{ kind: 'put', key: anomalyKey(chain.chainId, body), body, expect: 'any' }, ...found]);
};

const settleOverdue = async (deps: ReconcileDeps, query: QueryState, height: number): Promise<void> => {
  const { store, chain, clock, operator, overdueBlocks } = deps;
  const phase = phaseAt(query, height + 1 - overdueBlocks);
  if (phase !== 'settle' && phase !== 'expire') return;
  const turn = Math.floor(height / SWEEP_BLOCKS);
  const intent = {
    txId: `${phase}/${chain.chainId}/${query.id}/${query.attempt}/${turn}`,
    signer: operator,
    msg: { ...(phase === 'settle' ? settleMessage(query.id) : expireMessage(query.id)) },
    fundsUnes: '0',
    deadlineHeight: (turn + 1) * SWEEP_BLOCKS,
  };
  try {
    await store.transact(planTransaction(intent, clock.nowMs()));
  } catch (error) {
    if (!(error instanceof ConditionFailedError)) throw error;
  }
};
