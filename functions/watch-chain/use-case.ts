import { InvariantError } from '../../shared/errors.ts';
import { runId } from '../../shared/messages/ids.ts';
import { outboxWrite } from '../../shared/outbox.ts';
import type { BlockEvents, Chain, ContractEvent } from '../../shared/ports/chain.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Row, Store, Write } from '../../shared/ports/store.ts';
import { ConditionFailedError } from '../../shared/ports/store-errors.ts';
import {
  type AnomalyRow,
  anomalyKey,
  type CoverageRow,
  CursorRow,
  coverageKey,
  cursorKey,
  eventWrite,
} from '../../shared/rows/coverage.ts';
import { RunRow, runWakes } from '../../shared/rows/run.ts';

export interface WatchDeps {
  readonly store: Store;
  readonly chain: Chain;
  readonly clock: Clock;
  /** Where a new deployment begins to read. */
  readonly startHeight: number;
  /** Names this pass in coverage records. */
  readonly passId: () => string;
}

/** Events stored in one transaction: each may need its row and one message, beside coverage, cursor and the limit of 100. */
const EVENTS_PER_WRITE = 45;

export interface PassResult {
  /** Heights read in this pass. */
  readonly heights: number;
  readonly events: number;
  /** Height up to which everything is stored now. */
  readonly covered: number;
  /** Height that the node claims to have. */
  readonly head: number;
}

/**
 * Reads every height from the cursor to the head, once: events, messages about them, coverage record and cursor go into one
 * transaction, conditional on the cursor. A lagging node moves nothing back; a second watcher loses the race and goes on from
 * where the first one is. Then wakes the runs whose height has come.
 */
export const watchPass = async (deps: WatchDeps, maxHeights: number, signal?: AbortSignal): Promise<PassResult> => {
  const head = (await deps.chain.head()).height;
  let cursor = await readCursor(deps);
  let events = 0;
  let heights = 0;
  while (cursor.body.next <= head && heights < maxHeights && !signal?.aborted) {
    const block = await deps.chain.block(cursor.body.next);
    try {
      cursor = await storeChunk(deps, cursor, block);
      if (cursor.body.next > block.height) {
        heights += 1;
        events += block.events.length;
      }
    } catch (error) {
      if (!(error instanceof ConditionFailedError)) throw error;
      cursor = await readCursor(deps);
    }
  }
  const covered = cursor.body.next - 1;
  await wakeRuns(deps, covered);
  return { heights, events, covered, head };
};

type Cursor = { readonly body: CursorRow; readonly version: number };

const readCursor = async ({ store, chain, startHeight }: WatchDeps): Promise<Cursor> => {
  const row: Row | undefined = await store.get(cursorKey(chain.chainId));
  return row
    ? { body: CursorRow.parse(row.body), version: row.version }
    : { body: { next: startHeight, offset: 0 }, version: 0 };
};

const storeChunk = async (deps: WatchDeps, cursor: Cursor, block: BlockEvents): Promise<Cursor> => {
  const { store, chain, clock } = deps;
  const { next, parentHash, offset } = cursor.body;
  if (parentHash !== undefined && block.parentHash !== parentHash) await refuseParent(deps, block, parentHash);
  const chunk = block.events.slice(offset, offset + EVENTS_PER_WRITE);
  const done = offset + chunk.length >= block.events.length;
  const body: CursorRow = done
    ? { next: next + 1, parentHash: block.hash, offset: 0 }
    : { ...cursor.body, offset: offset + chunk.length };
  const nowMs = clock.nowMs();
  const coverage: CoverageRow = {
    height: block.height,
    hash: block.hash,
    parentHash: block.parentHash,
    events: block.events.length,
    passId: deps.passId(),
    atMs: nowMs,
  };
  const writes: Write[] = [
    {
      kind: 'put',
      key: cursorKey(chain.chainId),
      body,
      expect: cursor.version === 0 ? 'absent' : { version: cursor.version },
    },
    ...chunk.map((event) => eventWrite(chain.chainId, event)),
    ...queriesIn(chunk).map(({ queryId, eventId }) =>
      outboxWrite(
        'advance-run',
        {
          id: `query/${chain.chainId}/${queryId}/${block.height}/${offset}`,
          group: `${chain.chainId}/${queryId}`,
          body: JSON.stringify({ kind: 'query', query: { chainId: chain.chainId, queryId }, eventId }),
        },
        nowMs,
      ),
    ),
    ...(done
      ? [{ kind: 'put', key: coverageKey(chain.chainId, block.height), body: coverage, expect: 'any' } as const]
      : []),
  ];
  await store.transact(writes);
  return { body, version: cursor.version + 1 };
};

/** Each query once, with the first event that names it. */
const queriesIn = (events: readonly ContractEvent[]): { queryId: number; eventId: string }[] => {
  const first = new Map<number, string>();
  for (const { queryId, id } of events) if (queryId !== undefined && !first.has(queryId)) first.set(queryId, id);
  return [...first].map(([queryId, eventId]) => ({ queryId, eventId }));
};

/** Blocks are final at once on CometBFT: another parent means that this node is on another chain, or lies. */
const refuseParent = async (
  { store, chain, clock }: WatchDeps,
  block: BlockEvents,
  expected: string,
): Promise<never> => {
  const detail = `block ${block.height} names parent ${block.parentHash}, stored is ${expected}`;
  const body: AnomalyRow = { kind: 'parent-hash', height: block.height, detail, atMs: clock.nowMs() };
  await store.transact([{ kind: 'put', key: anomalyKey(chain.chainId, body), body, expect: 'any' }]);
  throw new InvariantError('parent-hash', detail, { next: 'compare the RPC endpoint with another node of the chain' });
};

/** Runs that wait for a height that is covered now get a message; the run itself moves its wake height on. */
const wakeRuns = async ({ store, chain, clock }: WatchDeps, height: number): Promise<void> => {
  const rows = await store.due(runWakes(chain.chainId), height, 50);
  if (rows.length === 0) return;
  const writes = rows.map((row) => {
    const { run } = RunRow.parse(row.body);
    const at = row.due?.at ?? height;
    return outboxWrite(
      'advance-run',
      {
        id: `height/${runId(run)}/${at}`,
        group: runId(run),
        body: JSON.stringify({ kind: 'height', run, height: at }),
      },
      clock.nowMs(),
    );
  });
  await store.transact(writes);
};
