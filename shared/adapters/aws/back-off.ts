import type { Clock, Random } from '../../ports/clock.ts';

const BASE_MS = 50;
const MAX_MS = 1_600;

/**
 * Waits before try `tried + 1`: anything up to a bound that doubles, so that those who met do not meet again.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ ("full jitter")
 */
export const backOff = async (clock: Clock, random: Random, tried: number): Promise<void> =>
  await clock.sleep(random.below(Math.min(MAX_MS, BASE_MS * 2 ** tried)));
