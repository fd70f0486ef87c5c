import { afterEach, expect, it } from 'vitest';
import { DEVNET } from '../../infra/local/settings.ts';
import { driveIntent } from '../../shared/chain/lanes/drive.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import { LaneWorld, onlyTransient } from './lane-world.ts';

let opened: LaneWorld | undefined;
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});
const open = async (unordered: boolean): Promise<LaneWorld> => {
  opened = await LaneWorld.open({ unordered });
  return opened;
};
const terms = { maxUnordered: 3, maxMessages: 1 };

it('has several batches of one account in flight where the chain offers unordered transactions', async () => {
  const world = await open(true);
  // The chain takes unordered transactions of an account whose key it knows, like any other.
  const ids = [await world.plan('alice'), await world.plan('alice'), await world.plan('alice')];
  const deps = await world.process({ terms: { ...terms, maxPolls: 1 } });
  await driveIntent(deps, ids[0]!).catch(onlyTransient);
  expect((await world.lane('alice')).batches.map(({ sequence }) => sequence)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  world.block();
  await world.drive(deps, ...ids);
  expect(await world.effects()).toEqual(Object.fromEntries(ids.map((txId) => [txId, 1])));
  expect(world.height).toBeLessThanOrEqual(world.startHeight + 4);
});

it('goes on in order on a chain that refuses them, and does not ask again soon', async () => {
  const world = await open(false);
  let asked = 0;
  const chainOf = (chain: Chain): Chain => ({
    ...chain,
    simulate: async (bytes) => {
      const answer = await chain.simulate(bytes);
      if ('refusal' in answer) asked += 1;
      return answer;
    },
  });
  const deps = await world.process({ terms, chainOf });
  const ids = [await world.plan('alice'), await world.plan('bob'), await world.plan('alice')];
  await world.drive(deps, ...ids);
  expect(asked).toBe(1);
  expect(await world.effects()).toEqual(Object.fromEntries(ids.map((txId) => [txId, 1])));
  world.nowMs += 7 * 3_600_000;
  world.block();
  await world.drive(deps, await world.plan('alice'));
  expect(asked).toBe(2);
});

it('falls back when the refusal comes at the door only', async () => {
  const world = await open(false);
  let first = true;
  const chainOf = (chain: Chain): Chain => ({
    ...chain,
    simulate: async (bytes) => {
      if (!first) return await chain.simulate(bytes);
      first = false;
      return { gasUsed: 100_000 };
    },
  });
  const txId = await world.plan('alice');
  const [row] = await world.drive(await world.process({ terms, chainOf }), txId);
  expect(row).toMatchObject({ state: 'included', code: 0 });
  expect(await world.store.get({ pk: `lanes/${DEVNET.chainId}`, sk: 'unordered' })).toBeDefined();
});

it('signs again an unordered batch only when it can never be included any more', async () => {
  const world = await open(true);
  const chainOf = (chain: Chain): Chain => ({
    ...chain,
    broadcast: async (bytes) =>
      world.height < world.startHeight + 15 ? { code: 0, codespace: '', log: '' } : await chain.broadcast(bytes),
  });
  const txId = await world.plan('alice');
  const [row] = await world.drive(await world.process({ terms: { ...terms, timeoutBlocks: 10 }, chainOf }), txId);
  expect(row).toMatchObject({ state: 'included', code: 0 });
  expect(await world.effects()).toEqual({ [txId]: 1 });
});
