import { randomBytes, randomInt } from 'node:crypto';
import type { Clock, Random } from '../../ports/clock.ts';

/** Longest delay that Node's timers hold; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const sleepOnce = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });

/** The machine's wall clock. Only compositions take it; everything else gets it injected. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: async (ms, signal) => {
    let leftMs = Math.max(0, ms);
    do {
      signal?.throwIfAborted();
      const stepMs = Math.min(leftMs, MAX_TIMER_MS);
      await sleepOnce(stepMs, signal);
      leftMs -= stepMs;
    } while (leftMs > 0);
  },
};

/** The operating system's randomness, fit for keys. */
export const systemRandom: Random = {
  bytes: (length) => new Uint8Array(randomBytes(length)),
  below: (bound) => randomInt(bound),
};
