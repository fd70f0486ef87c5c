import type { Logger } from '../../shared/log.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Store } from '../../shared/ports/store.ts';
import { PRESENCE_PREFIX, PresenceRow, presenceKey, WORKERS } from '../../shared/rows/workers.ts';

/** A worker says so often that it is there; and counts as dead when it missed two of these. */
const EVERY_MS = 20_000;
const EXPIRES_MS = 60_000;

export interface PresenceDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly worker: string;
}

/**
 * Says that this worker is there until the signal aborts, then takes it back. A graph that runs blocks this thread, so a busy worker may
 * be late.
 */
export const keepPresence = async (
  { store, clock, log, worker }: PresenceDeps,
  isFree: () => boolean,
  signal: AbortSignal,
): Promise<void> => {
  const key = presenceKey(worker);
  while (!signal.aborted) {
    const body: PresenceRow = { worker, free: isFree(), expiresMs: clock.nowMs() + EXPIRES_MS };
    await store
      .transact([{ kind: 'put', key, body, expect: 'any' }])
      .catch((error: unknown) => log.warn('could not say that this worker is there', { error }));
    await clock.sleep(EVERY_MS, signal).catch(() => undefined);
  }
  await store
    .transact([{ kind: 'delete', key, expect: 'any' }])
    .catch((error: unknown) => log.warn('could not say that this worker ends', { error }));
};

/** Whether any other worker stays. */
export const othersPresent = async ({ store, clock, worker }: PresenceDeps): Promise<boolean> => {
  const rows = await store.list(WORKERS, { prefix: PRESENCE_PREFIX, limit: 50 });
  return rows
    .map(({ body }) => PresenceRow.parse(body))
    .some((row) => row.worker !== worker && row.expiresMs > clock.nowMs());
};
