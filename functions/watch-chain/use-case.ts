import { ConditionFailedError } from '../../shared/ports/store-errors.ts';
import { RunRow, runWakes } from '../../shared/rows/run.ts';
import { wakeQuery } from '../../shared/rows/wake-query.ts';
import type { WatchDeps } from './deps.ts';
import { readAhead } from './read-ahead.ts';
import { type Reading, readBlock } from './read-block.ts';
import { BlockStorer, type Cursor, readCursor } from './store-blocks.ts';

export interface PassResult {
  /** Heights stored in this pass. */
  readonly heights: number;
  readonly events: number;
  /** Height up to which everything is stored now. */
  readonly covered: number;
  /** Height that the node claims to have. */
  readonly head: number;
}

/** Heights of one pass of a function: what is left over is the next one's. */
export const MAX_HEIGHTS = 500;

/** A block with more events than this is not held beside others. */
const LARGE_BLOCK_EVENTS = 500;
const isLarge = ({ block }: Reading): boolean => block.events.length > LARGE_BLOCK_EVENTS;

/**
 * Reads every height from the cursor to the head, once: events, messages about them, one row of coverage and cursor go into one
 * transaction, conditional on the cursor. A lagging node moves nothing back; a second watcher loses the race and goes on from
 * where the first one is. Then wakes the runs whose height has come, whatever stopped the reading.
 * @throws {InvariantError} `parent-hash`, `block-hash`; {TransientError} `rpc-unavailable`: what came before is stored
 */
export const watchPass = async (deps: WatchDeps, maxHeights: number, signal?: AbortSignal): Promise<PassResult> => {
  const [{ height: head }, first] = await Promise.all([deps.chain.head(), readCursor(deps)]);
  const passId = deps.passId();
  const counted = { heights: 0, events: 0 };
  let cursor: Cursor | undefined = first;
  let covered = first.body.next - 1;
  let failure: { readonly error: unknown } | undefined;
  while (cursor && !failure) {
    const stretch: Stretch = { cursor, passId, head, left: maxHeights - counted.heights, counted, signal };
    try {
      const done = await cover(deps, stretch);
      covered = done.covered;
      cursor = done.overtaken ? await readCursor(deps) : undefined;
    } catch (error) {
      failure = { error };
      covered = (await readCursor(deps)).body.next - 1;
    }
  }
  await wakeRuns(deps, covered);
  if (failure) throw failure.error;
  return { ...counted, covered, head };
};

interface Stretch {
  readonly cursor: Cursor;
  readonly passId: string;
  readonly head: number;
  /** Heights that this pass may still read. */
  readonly left: number;
  readonly counted: { heights: number; events: number };
  readonly signal: AbortSignal | undefined;
}

interface Covered {
  /** Height up to which everything is stored. */
  readonly covered: number;
  /** Another watcher was faster: begin again from where it is. */
  readonly overtaken: boolean;
}

const cover = async (deps: WatchDeps, { cursor, passId, head, left, counted, signal }: Stretch): Promise<Covered> => {
  const storer = new BlockStorer(deps, cursor, passId);
  const from = cursor.body.next;
  const to = Math.min(head, from + left - 1);
  let added = { heights: 0, events: 0 };
  try {
    try {
      for await (const reading of readAhead({ from, to }, (height) => readBlock(deps, height), isLarge)) {
        if (signal?.aborted) break;
        await storer.add(reading);
        added = { heights: added.heights + 1, events: added.events + reading.block.events.length };
      }
    } finally {
      await storer.flush();
    }
  } catch (error) {
    if (!(error instanceof ConditionFailedError)) throw error;
    counted.heights += storer.cursor.next - from;
    return { covered: storer.cursor.next - 1, overtaken: true };
  }
  counted.heights += added.heights;
  counted.events += added.events;
  return { covered: storer.cursor.next - 1, overtaken: false };
};

/** Queries whose runs wait for a height that is covered now get a message; a run itself moves its wake height on. */
const wakeRuns = async ({ store, chain, clock }: WatchDeps, covered: number): Promise<void> => {
  const { chainId } = chain;
  const rows = await store.due(runWakes(chainId), covered, 50);
  if (rows.length === 0) return;
  const heights = new Map(rows.map(({ body, due }) => [RunRow.parse(body).run.queryId, due?.at ?? covered]));
  const writes = [...heights].map(([queryId, height]) =>
    wakeQuery(
      `height/${chainId}/${queryId}/${height}`,
      { kind: 'height', query: { chainId, queryId }, height },
      clock.nowMs(),
    ),
  );
  await store.transact(writes);
};
