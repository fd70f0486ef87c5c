import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Network } from '../../../infra/chain/wasmd/index.ts';
import { asChainUnderTest, wasmdNetwork } from '../on-wasmd.ts';
import { Sender } from '../sender.ts';

describe('a validator and a full node', () => {
  let network: Network;
  let leader: Sender;
  let follower: Sender;
  beforeAll(async () => {
    network = await wasmdNetwork(2);
    leader = new Sender(asChainUnderTest(network, 0), 'alice');
    follower = new Sender(asChainUnderTest(network, 1), 'alice');
  });
  afterAll(() => network?.stop());

  it('answer the same for the same height', async () => {
    const height = await leader.nextBlock();
    await follower.reach(height + 1);
    const [one, other] = await Promise.all([leader, follower].map((node) => node.comet.block(height)));
    expect(other).toEqual(one);
    const results = await Promise.all([leader, follower].map((node) => node.comet.blockResults(height)));
    expect(results[1]).toEqual(results[0]);
  });

  it('show each other what was sent to one of them', async () => {
    const to = leader.chain.signer('bob').address;
    const sent = await follower.deliver([follower.send(to, '5')]);
    const seen = await leader.included(sent.id);
    expect(seen.height).toBe(sent.height);
    expect(seen.result.events).toEqual(sent.result.events);
    const { block } = await follower.comet.block(sent.height);
    expect(block.txs).toContainEqual(sent.tx);
  });

  it('a paused node is silent, then behind, and then catches up', async () => {
    const node = network.nodes[1]!;
    const before = await follower.height();
    node.pause();
    await leader.reach((await leader.height()) + 8);
    const waiting = follower.height();
    const ahead = await leader.height();
    node.resume();
    const answered = await waiting;
    expect(answered).toBeGreaterThanOrEqual(before);
    expect(answered).toBeLessThan(ahead);
    await expect(follower.reach(ahead)).resolves.toBeGreaterThanOrEqual(ahead);
  });

  it('a killed node comes back with its chain', async () => {
    const node = network.nodes[1]!;
    const height = await follower.height();
    const { blockId } = await follower.comet.block(height);
    await node.kill();
    await leader.nextBlock();
    await node.restart();
    expect((await follower.comet.block(height)).blockId).toEqual(blockId);
    const head = await leader.height();
    await follower.reach(head);
  });
});
