import { afterEach, describe, expect, it } from 'vitest';
import type { Devchain } from '../../infra/chain/devchain/index.ts';
import { silentSocket } from '../../infra/chain/devchain/rpc/faults.ts';
import { openChain } from '../../infra/chain/devchain/testdata/harness.ts';
import { ringOnBlocks } from '../../shared/chain/doorbell.ts';
import { FakeClock } from '../contracts/fakes.ts';

let chain: Devchain | undefined;
afterEach(async () => {
  await chain?.close();
  chain = undefined;
});

const turns = async (count = 200): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

const open = async () => {
  const opened = await openChain();
  chain = opened;
  let silent = false;
  const server = await opened.serve({
    host: '127.0.0.1',
    port: 0,
    feedOf: (blocks) => silentSocket(blocks, () => silent),
  });
  const clock = new FakeClock();
  const block = (): void => void opened.produceBlock((opened.head()?.timeMs ?? 0) + 1_000);
  let rings = 0;
  const stop = new AbortController();
  const height = async (): Promise<number> => opened.head()?.height ?? 0;
  const ring = (): void => {
    rings += 1;
  };
  const listen = () =>
    ringOnBlocks({ url: server.url.replace('http', 'ws'), ring, height, clock, checkMs: 5_000 }, stop.signal);
  /** Blocks until the subscription is there. */
  const subscribed = async (): Promise<void> => {
    const before = rings;
    while (rings === before) {
      block();
      await turns(20);
    }
  };
  return {
    clock,
    block,
    stop,
    listen,
    subscribed,
    rings: () => rings,
    mute: (on: boolean): void => {
      silent = on;
    },
    dropSockets: () => server.close(),
  };
};

describe('the doorbell', () => {
  it('rings at blocks and ends when it is told to', async () => {
    const { listen, subscribed, rings, stop } = await open();
    const listening = listen();
    await subscribed();
    expect(rings()).toBeGreaterThan(0);
    stop.abort();
    await expect(listening).resolves.toBeUndefined();
  });

  it('notices a socket that is open and silent by the blocks that others see, and rings again when opened anew', async () => {
    const { listen, subscribed, mute, block, clock, rings, stop } = await open();
    const listening = listen();
    const failed = expect(listening).rejects.toMatchObject({
      code: 'doorbell-silent',
      message: expect.stringContaining('blocks'),
    });
    await subscribed();
    mute(true);
    clock.advance(5_000);
    await turns();
    block();
    block();
    clock.advance(5_000);
    await failed;
    mute(false);
    const before = rings();
    const again = listen();
    await subscribed();
    expect(rings()).toBeGreaterThan(before);
    stop.abort();
    await again;
  });

  it('does not take a chain that stands still for a silent socket', async () => {
    const { listen, subscribed, clock, stop } = await open();
    const listening = listen();
    await subscribed();
    for (let i = 0; i < 20; i++) {
      clock.advance(5_000);
      await turns(20);
    }
    stop.abort();
    await expect(listening).resolves.toBeUndefined();
  });

  it('notices that its connection went away, which CosmJS mends without its subscription', async () => {
    const { listen, subscribed, dropSockets, block, clock } = await open();
    const listening = expect(listen()).rejects.toMatchObject({ code: 'doorbell-silent' });
    await subscribed();
    await dropSockets();
    for (let i = 0; i < 3; i++) {
      clock.advance(5_000);
      await turns();
      block();
    }
    await listening;
  });
});
