import { Comet38Client, type comet38 } from '@cosmjs/tendermint-rpc';
import { expect, it } from 'vitest';
import type { ChainUnderTest } from './chain-under-test.ts';
import { Sender } from './sender.ts';

/** What a subscription gives until a value is the wanted one. */
const until = <T>(stream: { subscribe(listener: object): { unsubscribe(): void } }, wanted: (value: T) => boolean) =>
  new Promise<T>((resolve, reject) => {
    const subscription = stream.subscribe({
      next: (value: T) => {
        if (!wanted(value)) return;
        subscription.unsubscribe();
        resolve(value);
      },
      error: reject,
    });
  });

/** The subscriptions of the RPC's websocket through unmodified CosmJS. */
export const websocketSuite = (get: () => ChainUnderTest): void => {
  it('tells of new blocks, linked to those before them', async () => {
    const client = await Comet38Client.connect(get().rpcUrl.replace('http', 'ws'));
    try {
      const first = await until<comet38.NewBlockEvent>(client.subscribeNewBlock(), () => true);
      const { height } = first.header;
      const next = await until<comet38.NewBlockEvent>(client.subscribeNewBlock(), (b) => b.header.height > height);
      const over = await new Sender(get(), 'rpc').comet.block(next.header.height);
      expect(over.block.header).toEqual(next.header);
      expect(over.block.txs).toEqual(next.txs);
    } finally {
      client.disconnect();
    }
  });

  it('tells of a transaction as the block has it', async () => {
    const sender = new Sender(get(), 'rpc');
    const client = await Comet38Client.connect(get().rpcUrl.replace('http', 'ws'));
    try {
      const query = `message.sender='${sender.address}'`;
      const heard = until<comet38.TxEvent>(client.subscribeTx(query), () => true);
      // The subscription must stand before the transaction is sent.
      await client.status();
      const tx = await sender.deliver([sender.send(get().signer('bob').address, '3')]);
      const event = await heard;
      expect(Buffer.from(event.hash).toString('hex').toUpperCase()).toBe(tx.id);
      expect(event.height).toBe(tx.height);
      expect(event.result.events).toEqual(tx.result.events);
    } finally {
      client.disconnect();
    }
  });
};
