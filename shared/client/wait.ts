import { QuorateError, TransientError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { QueryStatus } from './answers.ts';

export interface WaitOptions {
  /** Called with each state that differs from the one before. */
  readonly onProgress?: (status: QueryStatus) => void;
  readonly signal?: AbortSignal;
  /** Default 10 minutes. */
  readonly timeoutMs?: number;
}

const FIRST_MS = 250;
const MOST_MS = 5_000;
/** Failed looks in a row before the API counts as gone. */
const MAX_FAILURES = 8;
const CATCH_UP_MS = 60_000;

const isFinal = ({ status }: QueryStatus): boolean => status === 'verified' || status === 'refunded';

/**
 * Looks until the query is final, ever less often while nothing changes. @returns its final state, verified or refunded
 * @throws {TransientError} `not-yet-final` after the time-out; what `look` throws when it will not get better
 */
export const waitUntilFinal = async (
  look: () => Promise<QueryStatus>,
  clock: Clock,
  { onProgress, signal, timeoutMs = 600_000 }: WaitOptions,
): Promise<QueryStatus> => {
  const untilMs = clock.nowMs() + timeoutMs;
  let [delayMs, failures, seen] = [FIRST_MS, 0, ''];
  for (;;) {
    signal?.throwIfAborted();
    try {
      const status = await look();
      failures = 0;
      const shown = `${status.attempt}/${status.status}`;
      if (shown !== seen) {
        onProgress?.(status);
        [seen, delayMs] = [shown, FIRST_MS];
      }
      if (isFinal(status)) return status;
    } catch (error) {
      failures += 1;
      // A query asked a moment ago may not be at the API's node yet: unknown is not final either.
      const passes = error instanceof QuorateError && (error.family === 'transient' || error.code === 'unknown-query');
      if (!passes || failures >= MAX_FAILURES) throw error;
    }
    const leftMs = untilMs - clock.nowMs();
    if (leftMs <= 0) {
      throw new TransientError(
        'not-yet-final',
        `the query is not final after ${timeoutMs} ms (${seen || 'not seen'})`,
        {
          next: "Wait longer, or ask 'quorate why ID' what it waits for.",
        },
      );
    }
    await clock.sleep(Math.min(delayMs, leftMs), signal);
    delayMs = Math.min(MOST_MS, delayMs * 1.5);
  }
};

/** What the API answers while its watcher has not read as far as the contract is. */
const CATCHING_UP = new Set(['events-incomplete', 'money-incomplete', 'query-moves']);

/**
 * Calls again, ever later, while the deployment is still catching up with the chain.
 * @throws what `call` throws for any other reason, or still after a minute
 */
export const onceCaughtUp = async <T>(call: () => Promise<T>, clock: Clock): Promise<T> => {
  const untilMs = clock.nowMs() + CATCH_UP_MS;
  for (let delayMs = FIRST_MS; ; delayMs = Math.min(MOST_MS, delayMs * 1.5)) {
    try {
      return await call();
    } catch (error) {
      const passes = error instanceof QuorateError && CATCHING_UP.has(error.code);
      if (!passes || clock.nowMs() >= untilMs) throw error;
    }
    await clock.sleep(delayMs);
  }
};
