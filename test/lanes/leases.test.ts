import { afterEach, describe, expect, it } from 'vitest';
import { driveIntent } from '../../shared/chain/lanes/drive.ts';
import { acquireLane, type HeldLane } from '../../shared/chain/lanes/lease.ts';
import { prepareBatch } from '../../shared/chain/lanes/prepare.ts';
import { settleBatches } from '../../shared/chain/lanes/settle.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import { addressOf, LaneWorld, onlyTransient } from './lane-world.ts';

let opened: LaneWorld | undefined;
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});
const open = async (): Promise<LaneWorld> => {
  opened = await LaneWorld.open();
  return opened;
};
const account = { address: addressOf('alice') };
const held = (lane: HeldLane | undefined): HeldLane => lane ?? expect.fail('the lane is in other hands');

/** All rows of the store: what a process that lost its lease must leave as they are. */
const everything = (world: LaneWorld): unknown[] =>
  world.database.prepare('SELECT pk, sk, version, body FROM rows ORDER BY pk, sk').all();

describe('a lease (P5)', () => {
  it('has one holder at a time, and another one after it ran out or was given back', async () => {
    const world = await open();
    const [one, two] = [await world.process(), await world.process()];
    const first = held(await acquireLane(one, account, 'x'));
    expect(await acquireLane(two, account, 'x')).toBeUndefined();
    world.nowMs += 5_001;
    const second = held(await acquireLane(two, account, 'x'));
    expect(second.row.epoch).toBe(first.row.epoch + 1);
    await second.release();
    expect(held(await acquireLane(one, account, 'x')).row.epoch).toBe(3);
  });

  it('goes to one of two that reach for it at once', async () => {
    const world = await open();
    const [one, two] = [await world.process(), await world.process()];
    const got = await Promise.all([acquireLane(one, account, 'x'), acquireLane(two, account, 'x')]);
    expect(got.filter(Boolean)).toHaveLength(1);
  });

  it('is kept while its holder is at work', async () => {
    const world = await open();
    const lane = held(await acquireLane(await world.process(), account, 'x'));
    world.nowMs += 3_000;
    await lane.renew();
    world.nowMs += 3_000;
    expect(await acquireLane(await world.process(), account, 'x')).toBeUndefined();
  });
});

describe('a lane whose lease was taken by another', () => {
  const steps: readonly [
    string,
    (world: LaneWorld, before: HeldLane) => Promise<void>,
    (lane: HeldLane) => Promise<unknown>,
  ][] = [
    [
      'signs nothing',
      async (world) => void (await world.plan('alice')),
      async (lane) => prepareBatch(await opened!.process(), lane),
    ],
    [
      'ends nothing that is included',
      async (world, lane) => {
        await world.plan('alice');
        const deps = await world.process();
        await prepareBatch(deps, lane);
        await settleBatches(deps, lane);
        world.block();
      },
      async (lane) => settleBatches(await opened!.process(), lane),
    ],
    ['renews nothing', async () => undefined, (lane) => lane.save({})],
    ['gives nothing back', async () => undefined, (lane) => lane.release()],
  ];
  it.each(steps)('%s', async (_, before, step) => {
    const world = await open();
    const lane = held(await acquireLane(await world.process(), account, 'x'));
    await before(world, lane);
    world.nowMs += 5_001;
    held(await acquireLane(await world.process(), account, 'thief'));
    const rows = everything(world);
    await expect(step(lane)).rejects.toMatchObject({ code: 'lease-lost' });
    expect(everything(world)).toEqual(rows);
  });

  it('may still send what it signed, and that is the same transaction', async () => {
    const world = await open();
    const txId = await world.plan('alice');
    const deps = await world.process();
    const lane = held(await acquireLane(deps, account, txId));
    await prepareBatch(deps, lane);
    world.nowMs += 5_001;
    const thief = held(await acquireLane(deps, account, txId));
    await expect(settleBatches(deps, lane)).rejects.toMatchObject({ code: 'lease-lost' });
    await settleBatches(deps, thief);
    world.block();
    await settleBatches(deps, thief);
    expect(await world.row(txId)).toMatchObject({ state: 'included' });
    expect(await world.effects()).toEqual({ [txId]: 1 });
  });
});

it('does not sign again because a node refuses now what a dead holder may have sent before', async () => {
  const world = await open();
  const txId = await world.plan('alice');
  const first = await world.process();
  const lane = held(await acquireLane(first, account, txId));
  await prepareBatch(first, lane);
  const [signed] = lane.row.batches;
  // Sent, held by some node, and its holder died before it could write that down.
  world.nowMs += 5_001;
  const chainOf = (chain: Chain): Chain => ({
    ...chain,
    broadcast: async () => ({ code: 13, codespace: 'sdk', log: 'insufficient fees: insufficient fee' }),
  });
  await driveIntent(await world.process({ chainOf, terms: { maxPolls: 3 } }), txId).catch(onlyTransient);
  expect((await world.lane('alice')).batches).toEqual([{ ...signed, state: 'sent' }]);
  await first.chain.broadcast(Buffer.from(signed!.bytes, 'base64'));
  world.block();
  await world.drive(first, txId);
  expect(await world.row(txId)).toMatchObject({ state: 'included', hash: signed!.hash });
  expect(await world.effects()).toEqual({ [txId]: 1 });
});

it('carries what ten callers at once plan, each thing once', async () => {
  const world = await open();
  const ids = await Promise.all(Array.from({ length: 10 }, () => world.plan('alice')));
  const processes = await Promise.all(ids.map(() => world.process()));
  await Promise.all(ids.map((txId, i) => driveIntent(processes[i]!, txId)));
  expect(await world.effects()).toEqual(Object.fromEntries(ids.map((txId) => [txId, 1])));
});
