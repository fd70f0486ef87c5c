import { QuorateError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { Clock } from '../../shared/ports/clock.ts';

export interface Loop {
  /** Loops of one name are woken together. */
  readonly name: string;
  /** One bounded piece of work. True: there may be more at once. */
  readonly turn: (signal: AbortSignal) => Promise<boolean>;
  /** Pause after a turn that found nothing; `wake` ends it early. */
  readonly idleMs: number;
}

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 5_000;

export interface Supervisor {
  wake(name: string): void;
  /** Drains: no new turns begin, running ones end. */
  stop(): Promise<void>;
}

/** Runs loops for ever; one that throws is logged and goes on after a growing pause, without disturbing the others. */
export const supervise = (loops: readonly Loop[], { clock, log }: { clock: Clock; log: Logger }): Supervisor => {
  const stopping = new AbortController();
  const wakers = new Map<string, Set<() => void>>();
  /** Woken while not asleep: the next pause is skipped. */
  const rung = new Set<Loop>();

  const pause = async (loop: Loop, ms: number): Promise<void> => {
    if (rung.delete(loop) || stopping.signal.aborted) return;
    const early = new AbortController();
    const ring = (): void => early.abort();
    const here = wakers.get(loop.name) ?? new Set();
    wakers.set(loop.name, here.add(ring));
    await clock.sleep(ms, AbortSignal.any([early.signal, stopping.signal])).catch(() => undefined);
    here.delete(ring);
    rung.delete(loop);
  };

  const run = async (loop: Loop): Promise<void> => {
    let backoffMs = FIRST_BACKOFF_MS;
    while (!stopping.signal.aborted) {
      try {
        const more = await loop.turn(stopping.signal);
        backoffMs = FIRST_BACKOFF_MS;
        if (!more) await pause(loop, loop.idleMs);
      } catch (error) {
        if (stopping.signal.aborted) return;
        const passing = error instanceof QuorateError && error.family === 'transient';
        log[passing ? 'warn' : 'error']('a loop failed and will be tried again', { loop: loop.name, backoffMs, error });
        await clock.sleep(backoffMs, stopping.signal).catch(() => undefined);
        backoffMs = Math.min(2 * backoffMs, LONGEST_BACKOFF_MS);
      }
    }
  };

  const running = loops.map(run);
  return {
    wake: (name) => {
      for (const loop of loops) if (loop.name === name) rung.add(loop);
      for (const ring of wakers.get(name) ?? []) ring();
    },
    stop: async () => {
      stopping.abort(new Error('stopping'));
      await Promise.all(running);
    },
  };
};
