import type { Clock } from '../../shared/ports/clock.ts';

export interface Bell {
  readonly ring: () => void;
  /** Until it rings or `ms` or `atMostMs` are over, whichever is first; at once if it rang since the last wait. Never throws. */
  wait(ms: number, signal: AbortSignal, atMostMs: number): Promise<void>;
}

/** A ring while nobody waits is kept for the next who does: a block that came during a pass must not be slept over. */
export const bell = (clock: Clock): Bell => {
  let rang = false;
  let wake: (() => void) | undefined;
  return {
    ring: () => {
      rang = true;
      wake?.();
    },
    wait: async (ms, signal, atMostMs) => {
      const timer = new AbortController();
      wake = () => timer.abort();
      if (rang) timer.abort();
      const either = AbortSignal.any([signal, timer.signal]);
      await clock.sleep(Math.max(0, Math.min(ms, atMostMs)), either).catch(() => undefined);
      rang = false;
      wake = undefined;
    },
  };
};
