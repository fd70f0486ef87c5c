import type { Random } from '../../shared/ports/clock.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Waits before each attempt: the schedule that Standard Webhooks 1.0.0 recommends. */
export const WAITS_MS: readonly number[] = [
  0,
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];

/** Answers by which a receiver says that it is overloaded: it gets twice the time. */
const SLOW_DOWN: ReadonlySet<number> = new Set([429, 502, 504]);

/**
 * Wait before the next attempt, or undefined when there is none. Up to a fifth is added at random, so that receivers that
 * failed together are not tried again together.
 * @param made attempts made so far
 */
export const nextWaitMs = (made: number, status: number | undefined, random: Random): number | undefined => {
  const wait = WAITS_MS[made];
  if (wait === undefined) return undefined;
  const base = status !== undefined && SLOW_DOWN.has(status) ? 2 * wait : wait;
  return base + random.below(Math.floor(base / 5) + 1);
};
