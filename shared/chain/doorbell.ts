import { Comet38Client } from '@cosmjs/tendermint-rpc';
import { TransientError } from '../errors.ts';

/**
 * Rings at each new block that the node's websocket tells of, until the signal aborts or the socket ends. Only a hint to look
 * sooner: a socket may drop blocks and say nothing, so nobody may rely on it.
 * @param url `ws://` or `wss://` address of the RPC
 * @throws {TransientError} `doorbell-silent` when the subscription ends by itself: connect again
 */
export const ringOnBlocks = async (url: string, ring: () => void, signal: AbortSignal): Promise<void> => {
  const client = await Comet38Client.connect(url);
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (cause?: unknown): void =>
        reject(new TransientError('doorbell-silent', 'the block subscription ended', { cause }));
      const subscription = client.subscribeNewBlock().subscribe({ next: ring, error: fail, complete: () => fail() });
      signal.addEventListener('abort', () => {
        subscription.unsubscribe();
        resolve();
      });
    });
  } finally {
    client.disconnect();
  }
};
