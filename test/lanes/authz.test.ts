import { GenericAuthorization } from 'cosmjs-types/cosmos/authz/v1beta1/authz';
import { MsgGrant } from 'cosmjs-types/cosmos/authz/v1beta1/tx';
import { BasicAllowance } from 'cosmjs-types/cosmos/feegrant/v1beta1/feegrant';
import { MsgGrantAllowance } from 'cosmjs-types/cosmos/feegrant/v1beta1/tx';
import { MsgExecuteContract } from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import { afterEach, describe, expect, it } from 'vitest';
import { lanesOf, principalsOf } from '../../shared/chain/lanes/deps.ts';
import { driveIntent } from '../../shared/chain/lanes/drive.ts';
import { addressOf, LaneWorld } from './lane-world.ts';

let opened: LaneWorld | undefined;
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

const allow = (granter: string, grantee: string) => ({
  typeUrl: MsgGrant.typeUrl,
  value: MsgGrant.fromPartial({
    granter: addressOf(granter),
    grantee: addressOf(grantee),
    grant: {
      authorization: {
        typeUrl: GenericAuthorization.typeUrl,
        value: GenericAuthorization.encode({ msg: MsgExecuteContract.typeUrl }).finish(),
      },
    },
  }),
});
const payFor = (granter: string, grantee: string) => ({
  typeUrl: MsgGrantAllowance.typeUrl,
  value: MsgGrantAllowance.fromPartial({
    granter: addressOf(granter),
    grantee: addressOf(grantee),
    allowance: { typeUrl: BasicAllowance.typeUrl, value: BasicAllowance.encode({ spendLimit: [] }).finish() },
  }),
});

/** alice and bob have granted both lane accounts. */
const open = async (): Promise<LaneWorld> => {
  opened = await LaneWorld.open();
  await opened.send('alice', [allow('alice', 'lane-1'), allow('alice', 'lane-2')]);
  await opened.send('bob', [allow('bob', 'lane-1'), payFor('bob', 'lane-1')]);
  return opened;
};
const lane = (name: string, feeGranter?: string) => ({
  address: addressOf(name),
  ...(feeGranter && { feeGranter: addressOf(feeGranter) }),
});

describe('lanes of other accounts', () => {
  it('put messages of several principals into one transaction, each in its own name', async () => {
    const world = await open();
    const lanes = new Map(['alice', 'bob'].map((name) => [addressOf(name), [lane('lane-1')]]));
    const before = (await world.transactions()).length;
    const ids = [await world.plan('alice'), await world.plan('bob'), await world.plan('alice')];
    const rows = await world.drive(await world.process({ lanes }), ...ids);
    for (const row of rows) expect(row).toMatchObject({ state: 'included', code: 0 });
    expect((await world.transactions()).length).toBe(before + 1);
    expect(Object.values(await world.effects())).toEqual([1, 1, 1]);
  });

  it('end the message that fails alone, by its place', async () => {
    const world = await open();
    const lanes = new Map(['alice', 'bob'].map((name) => [addressOf(name), [lane('lane-1')]]));
    const good = await world.plan('alice');
    const poison = await world.plan('bob', { set_then_fail: { key: 'k', value: 'v' } });
    await world.drive(await world.process({ lanes }), good, poison);
    expect(await world.row(good)).toMatchObject({ state: 'included', code: 0 });
    expect(await world.row(poison)).toMatchObject({ state: 'refused', reason: expect.stringContaining('on purpose') });
  });

  it('have another account pay the fee', async () => {
    const world = await open();
    const chain = await world.connect();
    const balances = () => Promise.all(['lane-1', 'bob'].map((name) => chain.balanceUnes(addressOf(name))));
    const [laneBefore = 0n, bobBefore = 0n] = await balances();
    const lanes = new Map([[addressOf('bob'), [lane('lane-1', 'bob')]]]);
    const [row] = await world.drive(await world.process({ lanes }), await world.plan('bob'));
    const [laneAfter = 0n, bobAfter = 0n] = await balances();
    expect(laneAfter).toBe(laneBefore);
    const feeUnes = row?.state === 'included' ? row.feeUnes : expect.fail(row?.state);
    expect(bobBefore - bobAfter).toBe(BigInt(feeUnes ?? 0));
  });

  it('refuse what no grant covers, and nothing of it takes effect', async () => {
    const world = await open();
    const lanes = new Map([[addressOf('bob'), [lane('lane-2')]]]);
    const [row] = await world.drive(await world.process({ lanes }), await world.plan('bob'));
    expect(row).toMatchObject({ state: 'refused', reason: expect.stringContaining('failed to get grant') });
    expect(await world.effects()).toEqual({});
  });

  it('work side by side for one principal', async () => {
    const world = await open();
    const lanes = new Map([[addressOf('alice'), [lane('lane-1'), lane('lane-2')]]]);
    const ids = await Promise.all(Array.from({ length: 12 }, () => world.plan('alice')));
    const processes = await Promise.all(ids.map(() => world.process({ lanes, terms: { maxMessages: 3 } })));
    await Promise.all(ids.map((txId, i) => driveIntent(processes[i]!, txId)));
    expect(await world.effects()).toEqual(Object.fromEntries(ids.map((txId) => [txId, 1])));
    const used = await Promise.all(ids.map((txId) => world.row(txId)));
    for (const row of used) expect(row).toMatchObject({ state: 'included', code: 0 });
  });
});

it('a principal that is not named signs for itself, and a lane knows whom it serves', () => {
  const lanes = new Map([
    ['a', [{ address: 'lane' }]],
    ['b', [{ address: 'lane' }, { address: 'b' }]],
  ]);
  expect(lanesOf({ lanes }, 'c')).toEqual([{ address: 'c' }]);
  expect(principalsOf({ lanes }, 'lane')).toEqual(['lane', 'a', 'b']);
  expect(principalsOf({ lanes }, 'b')).toEqual(['b']);
  expect(principalsOf({ lanes }, 'a')).toEqual([]);
});
