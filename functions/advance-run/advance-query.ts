import { heightOf } from '../../shared/chain/compare-events.ts';
import { RunRef, runId } from '../../shared/messages/ids.ts';
import { ConditionFailedError } from '../../shared/ports/store-errors.ts';
import { phaseAt } from '../../shared/protocol/phase.ts';
import { type AnomalyRow, anomalyKey } from '../../shared/rows/coverage.ts';
import { openQueries, QueryRow, type QueryStatus, queryKey, queryRow, STATUS_RANK } from '../../shared/rows/query.ts';
import { type RunRow, runKey, runsOfQuery } from '../../shared/rows/run.ts';
import { ENDPOINTS, EndpointRow } from '../../shared/rows/webhook.ts';
import { webhookWrites } from '../../shared/webhooks.ts';
import { allOf } from './all-of.ts';
import type { AdvanceDeps } from './deps.ts';
import type { QueryView } from './view.ts';

/** The event named a query that the contract does not have: kept as an anomaly, and no work is done for it (promise P2). */
export const refuseInvented = async (deps: AdvanceDeps, queryId: number, eventId: string): Promise<void> => {
  const body: AnomalyRow = {
    kind: 'invented-event',
    queryId,
    height: heightOf(deps.chain.chainId, eventId),
    detail: `event ${eventId} names query ${queryId}, which the contract does not hold`,
    atMs: deps.clock.nowMs(),
  };
  await deps.store.transact([{ kind: 'put', key: anomalyKey(deps.chain.chainId, body), body, expect: 'any' }]);
};

/** Brings the read model of a query up to the contract's state, forwards only, and tells the webhooks what is new. */
export const recordQuery = async (deps: AdvanceDeps, { query, head }: QueryView): Promise<void> => {
  const { chainId } = deps.chain;
  const key = queryKey(chainId, query.id);
  const stored = await deps.store.get(key);
  const before = stored && QueryRow.parse(stored.body);
  const now = queryRow(chainId, query, head.height);
  const { status } = now;
  const rank = (attempt: number, s: QueryStatus): number => attempt * 10 + STATUS_RANK[s];
  if (before && rank(before.attempt, before.status) >= rank(query.attempt, status)) return;
  const atMs = deps.clock.nowMs();
  const entry = { attempt: query.attempt, status, height: query.outcome?.height ?? head.height, atMs };
  const row: QueryRow = { ...now, history: [...(before?.history ?? []), entry] };
  const endpoints = await deps.store.list(ENDPOINTS, { limit: 100 });
  const event = {
    id: `${chainId}/${query.id}/${query.attempt}/${status}`,
    type: `query.${status}`,
    data: { chainId, queryId: query.id, attempt: query.attempt, status, digest: row.digest ?? null },
  };
  const hooks = webhookWrites(
    event,
    endpoints.map((e) => EndpointRow.parse(e.body)),
    atMs,
  );
  await deps.store.transact([
    {
      kind: 'put',
      key,
      body: row,
      ...(!query.outcome && { due: { list: openQueries(chainId), at: query.askedHeight } }),
      expect: stored ? { version: stored.version } : 'absent',
    },
    ...hooks,
  ]);
};

/** Creates the run of each of our nodes for the attempt that is open now, once. @returns all runs of the query */
export const ensureRuns = async (deps: AdvanceDeps, { query, head }: QueryView): Promise<RunRef[]> => {
  const { chainId } = deps.chain;
  const index = runsOfQuery(chainId, query.id);
  const known = (await deps.store.list(index, { limit: 100 })).map((row) => RunRef.parse(row.body));
  if (phaseAt(query, head.height + 1) !== 'commit') return known;
  const runs = [...deps.nodes.keys()].map(
    (node): RunRef => ({ chainId, queryId: query.id, attempt: query.attempt, node }),
  );
  const created = runs.filter((run) => !known.some((other) => runId(other) === runId(run)));
  await allOf(created.map((run) => create(deps, run, { query, head })));
  return [...known, ...created];
};

/** Unless another has created it. */
const create = async (
  { store, clock }: AdvanceDeps,
  run: RunRef,
  { query, head }: Pick<QueryView, 'query' | 'head'>,
): Promise<void> => {
  const row: RunRow = {
    run,
    queryHash: query.queryHash,
    model: query.model,
    inputHash: query.inputHash,
    state: 'seen',
    history: [{ state: 'seen', height: head.height, atMs: clock.nowMs() }],
  };
  const index = runsOfQuery(run.chainId, run.queryId);
  try {
    await store.transact([
      { kind: 'put', key: runKey(run), body: row, expect: 'absent' },
      { kind: 'put', key: { pk: index, sk: runId(run) }, body: run, expect: 'absent' },
    ]);
  } catch (error) {
    if (!(error instanceof ConditionFailedError)) throw error;
  }
};
