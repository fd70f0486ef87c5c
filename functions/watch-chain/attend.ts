import { QuorateError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { Metrics } from '../../shared/metrics.ts';
import { openQueries } from '../../shared/rows/query.ts';
import { coverageAt } from '../../shared/rows/read-coverage.ts';
import { runWakes } from '../../shared/rows/run.ts';
import { OPEN_TRANSACTIONS } from '../../shared/rows/transaction.ts';
import { bell } from './bell.ts';
import type { WatchDeps } from './deps.ts';
import { MAX_HEIGHTS, type PassResult, watchPass } from './use-case.ts';

export interface AttendDeps extends WatchDeps {
  readonly metrics: Metrics;
  readonly log: Pick<Logger, 'warn'>;
  /** Rings at each block until the signal aborts; rejects when it cannot hear, now or any more. */
  readonly listen: (ring: () => void, signal: AbortSignal) => Promise<void>;
  /** Between two looks while nothing rings. */
  readonly pollMs: number;
  /** Stays also when nothing is open. */
  readonly always: boolean;
}

export interface Invocation {
  /** Time that the invocation still has. */
  readonly leftMs: () => number;
  readonly signal: AbortSignal;
}

export interface Attended {
  readonly passes: number;
  readonly heights: number;
  readonly events: number;
  readonly covered: number;
  readonly head: number;
}

/** A socket that is connected may still miss a block. */
const POLLS_PER_LOOK_WITH_SOCKET = 5;
/** After events: what they open is written by others, and listed a moment later. */
const EVENTS_HOLD_MS = 10_000;
/** A socket that says good-bye needs no longer. */
const CLOSE_MS = 200;

/**
 * Passes until nothing is open (no query, run or transaction that has not ended, and no event of late) or the time is nearly over,
 * each when the node's socket tells of a block or a poll is due. A node that cannot be reached now may be reached at the next look.
 * @throws what the last pass threw, if no later one succeeded; an invariant at once
 */
export const attend = async (deps: AttendDeps, { leftMs, signal }: Invocation): Promise<Attended> => {
  const { clock, pollMs, always } = deps;
  const over = new AbortController();
  const rung = bell(clock);
  let socket: Socket | undefined;
  const total = { passes: 0, heights: 0, events: 0 };
  const measure = gauges(deps);
  let result: PassResult | undefined;
  let failure: unknown;
  let eventsMs = Number.NEGATIVE_INFINITY;
  try {
    for (;;) {
      try {
        result = await watchPass(deps, MAX_HEIGHTS, signal);
        failure = undefined;
        total.heights += result.heights;
        total.events += result.events;
        if (result.events > 0) eventsMs = clock.nowMs();
        await measure(result);
      } catch (error) {
        if (!(error instanceof QuorateError) || error.family !== 'transient') throw error;
        failure = error;
        deps.log.warn('the pass failed', { error });
      }
      total.passes += 1;
      if (signal.aborted || leftMs() < 2 * pollMs) break;
      if (!failure && result && result.heights > 0 && result.covered < result.head) continue;
      const busy = always || clock.nowMs() - eventsMs < EVENTS_HOLD_MS || (await isOpen(deps));
      if (!busy) break;
      socket ??= hear(deps, rung.ring, AbortSignal.any([signal, over.signal]));
      await rung.wait(socket.alive ? POLLS_PER_LOOK_WITH_SOCKET * pollMs : pollMs, signal, leftMs() - pollMs);
    }
  } finally {
    over.abort();
    // Lambda freezes what is open: a socket that closes has closed before it answers, one that hangs is left.
    if (socket) await Promise.race([socket.ended, clock.sleep(CLOSE_MS)]);
  }
  if (failure || !result) throw failure;
  return { ...total, covered: result.covered, head: result.head };
};

interface Socket {
  alive: boolean;
  readonly ended: Promise<void>;
}

/** Listens beside the passes; a socket that cannot be heard is given up for this invocation, and polls go on. */
const hear = ({ listen, log }: AttendDeps, ring: () => void, signal: AbortSignal): Socket => {
  const end = (): void => {
    socket.alive = false;
    ring();
  };
  const ended = listen(ring, signal).then(end, (error: unknown) => {
    if (!signal.aborted) log.warn('no socket rings', { error });
    end();
  });
  const socket: Socket = { alive: true, ended };
  return socket;
};

/** Cheapest and likeliest first: while something is open one read tells. */
const isOpen = async ({ store, chain }: WatchDeps): Promise<boolean> => {
  for (const list of [openQueries(chain.chainId), runWakes(chain.chainId), OPEN_TRANSACTIONS]) {
    if ((await store.due(list, Number.MAX_SAFE_INTEGER, 1)).length > 0) return true;
  }
  return false;
};

/** What alarms of this promise look at: how far behind it is, and for how long it has not moved. */
const gauges = ({ store, chain, clock, metrics }: AttendDeps) => {
  let movedMs: number | undefined;
  const lastMove = async (covered: number): Promise<number | undefined> =>
    (await coverageAt(store, chain.chainId, covered))?.atMs;
  return async ({ heights, covered, head }: PassResult): Promise<void> => {
    movedMs = heights > 0 ? clock.nowMs() : (movedMs ?? (await lastMove(covered)));
    metrics.gauge('ChainLagBlocks', Math.max(0, head - covered));
    if (movedMs !== undefined) metrics.gauge('CheckpointAgeSeconds', Math.max(0, clock.nowMs() - movedMs) / 1_000);
  };
};
