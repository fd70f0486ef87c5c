import { inOrder, sameEvent } from '../../shared/chain/compare-events.ts';
import type { BlockEvents, ContractEvent } from '../../shared/ports/chain.ts';
import type { Write } from '../../shared/ports/store.ts';
import { ConditionFailedError } from '../../shared/ports/store-errors.ts';
import {
  type AnomalyRow,
  anomalyWrite,
  type CoverageRow,
  CursorRow,
  coverageWrite,
  cursorKey,
  EventRow,
  eventKey,
  eventWrite,
  SweepRow,
  sweepKey,
} from '../../shared/rows/coverage.ts';
import { coverageBetween } from '../../shared/rows/read-coverage.ts';
import { wakeQuery } from '../../shared/rows/wake-query.ts';
import type { CoverageDeps } from './deps.ts';

/** Heights of one turn: what is left over is the next one's. */
const TURN_HEIGHTS = 100;
/** A sweeper that has said nothing for so long is dead: another one goes on. */
const CLAIM_MS = 120_000;
/** After a height that no endpoint has. */
const RETRY_MS = 60_000;
/** Missing events stored in one transaction, each with a message and an anomaly. */
const EVENTS_PER_WRITE = 30;

export interface CoverageSwept {
  readonly heights: number;
  /** What the first reading had missed: each is an anomaly. */
  readonly defects: number;
}

/**
 * Once in `sweepEveryMs`: reads what was covered since the last time again, from another endpoint where there is one, and
 * compares hash and events with what is stored. Anything new is a defect: it is recorded, stored, and its query is looked at.
 * Two sweepers share the work by a conditional write; while nothing is due it costs one read.
 * @throws {TransientError} when no endpoint has a height: the sweep stays there and comes again
 */
export const sweepCoverage = async (deps: CoverageDeps): Promise<CoverageSwept> => {
  const nothing = { heights: 0, defects: 0 };
  const { store, chain, clock, sweepEveryMs, sweepHeights } = deps;
  const key = sweepKey(chain.chainId);
  const stored = await store.get(key);
  const nowMs = clock.nowMs();
  const row = stored && SweepRow.parse(stored.body);
  if (row && row.dueMs > nowMs) return nothing;
  const cursor = await store.get(cursorKey(chain.chainId));
  if (!cursor) return nothing;
  const covered = CursorRow.parse(cursor.body).next - 1;
  const expect = stored ? { version: stored.version } : ('absent' as const);
  const save = async (body: SweepRow, expected: typeof expect): Promise<boolean> => {
    try {
      await store.transact([{ kind: 'put', key, body, expect: expected }]);
      return true;
    } catch (error) {
      if (error instanceof ConditionFailedError) return false;
      throw error;
    }
  };
  if (!row) {
    const from = await firstCovered(deps, covered);
    await save({ next: Math.max(from, covered - sweepHeights + 1), dueMs: nowMs + sweepEveryMs }, expect);
    return nothing;
  }
  const from = Math.max(row.next, covered - sweepHeights + 1);
  if (!(await save({ next: from, dueMs: nowMs + CLAIM_MS }, expect))) return nothing;
  const to = Math.min(covered, from + TURN_HEIGHTS - 1);
  const known = new Map<number, CoverageRow>();
  let height = from;
  let defects = 0;
  let pauseMs = RETRY_MS;
  try {
    for await (const row of coverageBetween(store, chain.chainId, from, to)) known.set(row.height, row);
    for (; height <= to; height++) defects += await check(deps, height, known.get(height));
    pauseMs = height <= covered ? 0 : sweepEveryMs;
  } finally {
    await save({ next: height, dueMs: clock.nowMs() + pauseMs }, { version: (stored?.version ?? 0) + 1 });
  }
  return { heights: height - from, defects };
};

const firstCovered = async ({ store, chain }: CoverageDeps, covered: number): Promise<number> => {
  for await (const { height } of coverageBetween(store, chain.chainId, 1, covered)) return height;
  return covered;
};

/** @returns how many defects of the first reading were found */
const check = async (deps: CoverageDeps, height: number, known: CoverageRow | undefined): Promise<number> => {
  const { store, chain, clock } = deps;
  const { chainId } = chain;
  const { name, block } = await readAgain(deps, height, known);
  const from = name === undefined ? '' : ` from ${name}`;
  const anomaly = (kind: AnomalyRow['kind'], detail: string, queryId?: number): Write =>
    anomalyWrite(chainId, {
      kind,
      ...(queryId !== undefined && { queryId }),
      height,
      detail: `${detail} (sweep${from})`,
      atMs: clock.nowMs(),
    });
  if (known && known.hash !== block.hash) {
    await store.transact([anomaly('block-hash', `block ${height} is ${block.hash}, stored is ${known.hash}`)]);
    return 1;
  }
  const events = inOrder(block.events);
  const stored = await storedOf(deps, events);
  const missing = events.filter((event) => !stored.has(event));
  for (let at = 0; at < missing.length; at += EVENTS_PER_WRITE) {
    const some = missing.slice(at, at + EVENTS_PER_WRITE);
    await store.transact([
      ...perQuery(some).flatMap((event) => [
        anomaly('missed-event', `event ${event.id} was not stored when block ${height} was read`, event.queryId),
        ...wake(chainId, event, clock.nowMs()),
      ]),
      ...some.map((event) => eventWrite(chainId, event)),
    ]);
  }
  const also = disagreements(known, block, stored);
  if (also.length > 0)
    await store.transact(also.map(({ detail, queryId }) => anomaly('rpc-disagrees', detail, queryId)));
  if (known) return missing.length + also.length;
  const { hash, parentHash } = block;
  const body: CoverageRow = {
    height,
    hash,
    parentHash,
    events: events.length,
    passId: 'sweep',
    atMs: clock.nowMs(),
    ...(name !== undefined && { source: name }),
  };
  await store.transact([
    anomaly('missed-block', `block ${height} was never read, though the cursor is beyond it`),
    coverageWrite(chainId, [body], 'absent'),
  ]);
  return missing.length + 1;
};

/** From an endpoint that the first reading did not use, if one can answer; the first endpoint last. */
const readAgain = async (
  { chain, sources = [] }: CoverageDeps,
  height: number,
  known: CoverageRow | undefined,
): Promise<{ readonly name?: string; readonly block: BlockEvents }> => {
  if (sources.length === 0) return { block: await chain.block(height) };
  const used = (name: string): number => (name === known?.source ? 2 : name === known?.witness ? 1 : 0);
  let failure: unknown;
  for (const { name, block } of [...sources].sort((a, b) => used(a.name) - used(b.name))) {
    try {
      return { name, block: await block(height) };
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
};

/** The events that are stored, with what is stored of them. */
const storedOf = async (
  { store, chain }: CoverageDeps,
  events: readonly ContractEvent[],
): Promise<ReadonlyMap<ContractEvent, EventRow>> => {
  const found = new Map<ContractEvent, EventRow>();
  for (const event of events) {
    const row = await store.get(eventKey(chain.chainId, event.queryId, event.id));
    if (row) found.set(event, EventRow.parse(row.body));
  }
  return found;
};

/** What the first reading told and this one does not, or tells otherwise: no loss, but one of the two lies. */
const disagreements = (
  known: CoverageRow | undefined,
  { height }: BlockEvents,
  stored: ReadonlyMap<ContractEvent, EventRow>,
): { detail: string; queryId?: number }[] => {
  const unequal = perQuery([...stored].filter(([event, row]) => !sameEvent(event, row)).map(([event]) => event));
  const changed = unequal.slice(0, 20).map(({ id, queryId }) => ({
    detail: `event ${id} of block ${height} is stored with other attributes`,
    ...(queryId !== undefined && { queryId }),
  }));
  const more = (known?.events ?? 0) - stored.size;
  return more > 0
    ? [
        ...changed.filter(({ queryId }) => queryId !== undefined),
        { detail: `${more} events stored for block ${height} are not told of any more` },
      ]
    : changed;
};

const perQuery = (events: readonly ContractEvent[]): ContractEvent[] => [
  ...new Map([...events].reverse().map((event) => [event.queryId, event])).values(),
];

const wake = (chainId: string, { queryId, id }: ContractEvent, nowMs: number): Write[] =>
  queryId === undefined
    ? []
    : [wakeQuery(`missed/${id}`, { kind: 'query', query: { chainId, queryId }, eventId: id }, nowMs)];
