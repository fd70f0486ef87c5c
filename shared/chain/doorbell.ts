import { Comet38Client } from '@cosmjs/tendermint-rpc';
import { TransientError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';

export interface DoorbellOptions {
  /** `ws://` or `wss://` address of the RPC. */
  readonly url: string;
  readonly ring: () => void;
  /** Newest height as the poller knows it. */
  readonly height: () => Promise<number>;
  readonly clock: Clock;
  /** Between two looks whether blocks came that the socket did not tell of. */
  readonly checkMs: number;
}

/**
 * Rings at each new block that the node's websocket tells of, until the signal aborts or the socket ends. Only a hint to look
 * sooner: a socket may drop blocks, or stay open and say nothing for ever, so nobody may rely on it. Silence is noticed by
 * blocks that others see, and never by time alone: a chain may stand still.
 * @throws {TransientError} `doorbell-silent` when the subscription ends, or tells of nothing while the chain goes on: connect again
 */
export const ringOnBlocks = async (options: DoorbellOptions, signal: AbortSignal): Promise<void> => {
  const client = await Comet38Client.connect(options.url);
  const over = new AbortController();
  let rings = 0;
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (cause?: unknown): void =>
        reject(new TransientError('doorbell-silent', 'the block subscription ended', { cause }));
      const next = (): void => {
        rings += 1;
        options.ring();
      };
      // It may have aborted while the socket was opened.
      if (signal.aborted) return resolve();
      const subscription = client.subscribeNewBlock().subscribe({ next, error: fail, complete: () => fail() });
      signal.addEventListener('abort', () => {
        subscription.unsubscribe();
        resolve();
      });
      listen(options, () => rings, AbortSignal.any([signal, over.signal])).catch(reject);
    });
  } finally {
    over.abort();
    client.disconnect();
  }
};

/** Ends when the signal aborts. @throws {TransientError} `doorbell-silent` */
const listen = async (
  { height, clock, checkMs }: DoorbellOptions,
  rings: () => number,
  signal: AbortSignal,
): Promise<void> => {
  let before: { readonly height: number; readonly rings: number } | undefined;
  while (!signal.aborted) {
    // A node that cannot be asked says nothing about the socket.
    const now = { height: await height().catch(() => 0), rings: rings() };
    if (before && before.height > 0 && now.height > before.height && now.rings === before.rings) {
      const missed = `blocks ${before.height + 1} to ${now.height}`;
      throw new TransientError('doorbell-silent', `the socket is open and told nothing of ${missed}`);
    }
    before = now;
    await clock.sleep(checkMs, signal).catch(() => undefined);
  }
};
