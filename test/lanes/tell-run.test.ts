import { afterEach, describe, expect, it } from 'vitest';
import { sendTransaction } from '../../functions/send-transaction/use-case.ts';
import { hasEnded, planIntent, type TxIntent } from '../../shared/chain/lanes/rows.ts';
import { OUTBOX, type OutboxEntry } from '../../shared/outbox.ts';
import { addressOf, LaneWorld, onlyTransient } from './lane-world.ts';

let world: LaneWorld;
afterEach(() => world.close());

/** Sends one message in the name of a run, to its end. @returns the bodies of what the run is told */
const toldAfter = async (msg: TxIntent['msg']): Promise<unknown[]> => {
  world = await LaneWorld.open();
  const run = { chainId: 'c', queryId: 7, attempt: 0, node: addressOf('alice') };
  const common = { txId: 'c/7/0/commit/1', signer: addressOf('alice'), fundsUnes: '0' };
  await world.store.transact(planIntent({ ...common, msg, deadlineHeight: world.height + 100, run }, world.nowMs));
  const deps = await world.process();
  for (let calls = 0; calls < 20 && !hasEnded(await world.row(common.txId)); calls++) {
    await sendTransaction(deps, common.txId).catch(onlyTransient);
    world.block();
  }
  const rows = await world.store.due<OutboxEntry>(OUTBOX, Number.MAX_SAFE_INTEGER, 10);
  return rows.map(({ body }) => JSON.parse(body.message.body));
};

describe('a run whose transaction ended', () => {
  it('is told of none that took effect: the event does that', async () => {
    expect(await toldAfter({ set: { key: 'k', value: 'v' } })).toEqual([]);
    expect(await world.row('c/7/0/commit/1')).toMatchObject({ state: 'included', code: 0 });
  });

  it('is told of one that was refused', async () => {
    const told = await toldAfter({ set_then_fail: { key: 'k', value: 'v' } });
    expect(told).toEqual([
      { kind: 'transaction', run: expect.objectContaining({ queryId: 7 }), txId: 'c/7/0/commit/1' },
    ]);
    expect(await world.row('c/7/0/commit/1')).toMatchObject({ state: 'refused' });
  });
});
