import { afterEach, describe, expect, it } from 'vitest';
import { failTransport, loseAnswers } from '../../infra/chain/devchain/rpc/faults.ts';
import { driveIntent } from '../../shared/chain/lanes/drive.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import { seededRandom } from '../contracts/fakes.ts';
import { LaneWorld, type LaneWorldOptions, onlyTransient } from './lane-world.ts';

let opened: LaneWorld | undefined;
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});
const open = async (options?: LaneWorldOptions): Promise<LaneWorld> => {
  opened = await LaneWorld.open(options);
  return opened;
};

describe('a lane', () => {
  it('puts everything that waits into one transaction, and shares out what it took', async () => {
    const world = await open();
    const ids = [
      await world.plan('alice'),
      await world.plan('alice'),
      await world.plan('alice', { set: { key: 'long', value: 'v'.repeat(900) } }),
    ];
    const rows = await world.drive(await world.process(), ...ids);
    const txs = await world.transactions();
    expect(txs).toHaveLength(1);
    expect(await world.effects()).toEqual({ [ids[0]!]: 1, [ids[1]!]: 1, long: 1 });
    const included = rows.map((row) => (row.state === 'included' ? row : expect.fail(row.state)));
    expect(new Set(included.map(({ hash }) => hash)).size).toBe(1);
    expect(included.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBe(txs[0]?.sizeBytes);
    expect(included[2]!.sizeBytes).toBeGreaterThan(included[0]!.sizeBytes + 800);
    expect(included[2]!.gasUsed - included[0]!.gasUsed).toBeLessThanOrEqual(1);
  });

  it('takes the nearest deadline first when not all have room', async () => {
    const world = await open();
    const late = await world.plan('alice', undefined, 90);
    const soon = await world.plan('alice', undefined, 30);
    const deps = await world.process({ terms: { maxMessages: 1 } });
    await world.drive(deps, late);
    const [first] = await world.transactions();
    expect(first?.messages).toEqual([{ set: { key: soon, value: 'v' } }]);
  });

  it('waits for company before it signs', async () => {
    const world = await open();
    const deps = await world.process({ terms: { gatherMs: 50 } });
    const first = await world.plan('alice');
    let second = '';
    const sleep = deps.clock.sleep;
    const clock = {
      ...deps.clock,
      sleep: async (ms: number) => {
        if (ms === 50) second ||= await world.plan('alice');
        await sleep(ms);
      },
    };
    await world.drive({ ...deps, clock }, first);
    expect(await world.row(second)).toMatchObject({ state: 'included' });
    expect(await world.transactions()).toHaveLength(1);
  });

  it('splits by gas and by bytes', async () => {
    const world = await open();
    const ids = [
      await world.plan('alice'),
      await world.plan('alice'),
      await world.plan('alice'),
      await world.plan('alice'),
    ];
    await world.drive(await world.process({ terms: { maxGas: 60_000 } }), ...ids);
    expect((await world.transactions()).length).toBeGreaterThan(1);
    const more = [await world.plan('bob'), await world.plan('bob')];
    await world.drive(await world.process({ terms: { maxBytes: 200 } }), ...more);
    expect(Object.values(await world.effects())).toEqual(Array(6).fill(1));
  });
});

describe('a message that fails', () => {
  it('in simulation leaves alone, with the contract text, and costs nobody a fee', async () => {
    const world = await open();
    const good = await world.plan('alice');
    const poison = await world.plan('alice', { set_then_fail: { key: 'poison', value: 'v' } });
    const alsoGood = await world.plan('alice');
    await world.drive(await world.process(), good, poison, alsoGood);
    expect(await world.row(poison)).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('refused on purpose'),
    });
    expect((await world.transactions()).map(({ code }) => code)).toEqual([0]);
    expect(await world.effects()).toEqual({ [good]: 1, [alsoGood]: 1 });
  });

  it('in simulation is tried again at the next height, where its window may have opened', async () => {
    const world = await open();
    const refused: number[] = [];
    const early = (chain: Chain): Chain => ({
      ...chain,
      simulate: async (bytes) => {
        if (refused.length > 0) return await chain.simulate(bytes);
        refused.push(world.height);
        return {
          refusal:
            'rpc error: desc = failed to execute message; message index: 0: too early: execute wasm contract failed',
        };
      },
    });
    const txId = await world.plan('alice');
    const [row] = await world.drive(await world.process({ chainOf: early }), txId);
    expect(row).toMatchObject({ state: 'included', code: 0 });
    expect(refused).toHaveLength(1);
  });

  it('in simulation because its window opens with the next block goes into that block, with the gas that it names', async () => {
    const world = await open();
    const opens = { height: world.height + 1, gasUsed: 150_000 };
    const closed = (chain: Chain): Chain => ({
      ...chain,
      simulate: async (bytes) =>
        world.height < opens.height
          ? { refusal: 'failed to execute message; message index: 0: too early: execute wasm contract failed' }
          : await chain.simulate(bytes),
    });
    const txId = await world.plan('alice', undefined, 100, opens);
    await world.drive(await world.process({ chainOf: closed }), txId);
    expect(await world.row(txId)).toMatchObject({ state: 'included', height: opens.height, code: 0 });
    const [sent] = await world.transactions();
    expect(sent?.code).toBe(0);
  });

  it('only in the block ends alone, and the innocent of its batch go again', async () => {
    const world = await open();
    // The contract owns 100; both may be paid 100 in simulation, and somebody else is first.
    const pay = { pay: { to: world.contract, amount: [{ denom: 'unes', amount: '100' }] } };
    const good = await world.plan('alice');
    const poison = await world.plan('alice', pay);
    const alsoGood = await world.plan('alice');
    const chainOf = (chain: Chain): Chain => ({
      ...chain,
      // An honest simulation of a state that is gone when the block comes.
      simulate: async () => ({ gasUsed: 400_000 }),
    });
    await world.drive(await world.process({ chainOf }), good, poison, alsoGood);
    expect(await world.row(poison)).toMatchObject({
      state: 'included',
      code: 5,
      log: expect.stringContaining('message index: 1'),
    });
    expect(await world.row(alsoGood)).toMatchObject({ state: 'included', code: 0 });
    expect((await world.transactions()).map(({ code }) => code)).toEqual([5, 0]);
    expect(await world.effects()).toEqual({ [good]: 1, [alsoGood]: 1 });
  });

  it('by lack of gas goes again with more, and not for ever', async () => {
    const world = await open();
    let sims = 0;
    const chainOf =
      (gas: () => number) =>
      (chain: Chain): Chain => ({ ...chain, simulate: async () => ({ gasUsed: gas() }) });
    const terms = { minGas: 1 };
    // It needs about 200,000, of which the checks before it runs a quarter.
    const large = (key: string) => ({ set: { key, value: 'v'.repeat(4_000) } });
    const enoughAtLast = await world.plan('alice', large('enough'));
    const [row] = await world.drive(
      await world.process({ terms, chainOf: chainOf(() => (sims++ === 0 ? 60_000 : 300_000)) }),
      enoughAtLast,
    );
    expect(row).toMatchObject({ state: 'included', code: 0 });
    const never = await world.plan('bob', large('never'));
    const [lost] = await world.drive(await world.process({ terms, chainOf: chainOf(() => 60_000) }), never);
    expect(lost).toMatchObject({ state: 'included', code: 11 });
    const codes = (await world.transactions()).map(({ code }) => code);
    expect(codes.filter((code) => code === 11)).toHaveLength(4);
    expect(await world.effects()).toEqual({ enough: 1 });
  });
});

describe('an answer that is not clear', () => {
  it('is cleared up by hash when it was lost, and nothing is signed twice', async () => {
    let lost = 0;
    const world = await open({
      rpcOf: (handle) => loseAnswers(handle, ({ method }) => method === 'broadcast_tx_sync' && lost++ < 2),
    });
    const txId = await world.plan('alice');
    const [row] = await world.drive(await world.process(), txId);
    expect(row).toMatchObject({ state: 'included', code: 0 });
    expect(lost).toBeGreaterThan(0);
    expect(await world.transactions()).toHaveLength(1);
  });

  it.each([429, 502])('does not matter when it is HTTP %i', async (status) => {
    const random = seededRandom(status);
    const world = await open({
      rpcOf: (handle) => failTransport(handle, () => (random.below(3) === 0 ? status : undefined)),
    });
    const txId = await world.plan('alice');
    const [row] = await world.drive(await world.process({ terms: { maxPolls: 3 } }), txId);
    expect(row).toMatchObject({ state: 'included', code: 0 });
    expect(await world.effects()).toEqual({ [txId]: 1 });
  });

  it('is met with the same bytes while they live, and with new ones only when they are dead', async () => {
    const world = await open();
    const sent: { bytes: string; height: number }[] = [];
    const chainOf = (chain: Chain): Chain => ({
      ...chain,
      broadcast: async (bytes) => {
        sent.push({ bytes: Buffer.from(bytes).toString('base64'), height: world.height });
        if (world.height < world.startHeight + 30) return { code: 0, codespace: '', log: '' };
        return await chain.broadcast(bytes);
      },
    });
    const txId = await world.plan('alice');
    const [row] = await world.drive(await world.process({ terms: { maxPolls: 2 }, chainOf }), txId);
    expect(row).toMatchObject({ state: 'included', code: 0 });
    const signatures = [...new Set(sent.map(({ bytes }) => bytes))];
    expect(signatures.length).toBe(2);
    const dead = sent.filter(({ bytes }) => bytes === signatures[0]);
    const fresh = sent.find(({ bytes }) => bytes === signatures[1]);
    expect(dead.length).toBeGreaterThan(3);
    expect(fresh!.height).toBeGreaterThan(world.startHeight + 20);
  });

  it('ends as expired when no signature of four ever gets in', async () => {
    const world = await open();
    const chainOf = (chain: Chain): Chain => ({
      ...chain,
      broadcast: async () => ({ code: 0, codespace: '', log: '' }),
    });
    const txId = await world.plan('alice', undefined, 500);
    const [row] = await world.drive(await world.process({ chainOf }), txId);
    expect(row).toMatchObject({ state: 'expired', reason: expect.stringContaining('4 times') });
    expect(await world.effects()).toEqual({});
  });

  it('ends as expired when the deadline passes first', async () => {
    const world = await open();
    const chainOf = (chain: Chain): Chain => ({
      ...chain,
      broadcast: async () => ({ code: 0, codespace: '', log: '' }),
    });
    const txId = await world.plan('alice', undefined, 10);
    const [row] = await world.drive(await world.process({ chainOf }), txId);
    expect(row).toMatchObject({ state: 'expired', reason: expect.stringContaining('too late') });
    expect(world.height).toBeLessThan(world.startHeight + 40);
  });
});

describe('a refusal at the door', () => {
  it('of a sequence that somebody else used is repaired from the chain, without an error to the caller', async () => {
    const world = await open();
    let clashes = 0;
    const chainOf = (chain: Chain): Chain => ({
      ...chain,
      account: async (address) => {
        const account = await chain.account(address);
        // Between reading and signing somebody with the same key sends a transaction, three times over.
        if (clashes < 3) {
          clashes += 1;
          expect(await world.foreign('alice', { set: { key: `foreign ${clashes}`, value: 'v' } })).toBe(0);
        }
        return account;
      },
    });
    const txId = await world.plan('alice');
    await driveIntent(await world.process({ chainOf }), txId);
    expect(await world.row(txId)).toMatchObject({ state: 'included', code: 0 });
    expect(await world.effects()).toEqual({ [txId]: 1, 'foreign 1': 1, 'foreign 2': 1, 'foreign 3': 1 });
  });

  it('for a fee that is too low is answered with a higher one at once, up to the most, and the price comes down again', async () => {
    const world = await open({ minGasPrice: '0.09' });
    const deps = await world.process();
    const txId = await world.plan('alice');
    await driveIntent(deps, txId);
    expect(await world.row(txId)).toMatchObject({ state: 'included', code: 0, feeUnes: '10000' });
    expect((await world.lane('alice')).bump).toBe(1);
    expect(world.height).toBeLessThan(world.startHeight + 3);
  });

  it('for a fee beyond the most waits for the price to fall, until the deadline', async () => {
    const world = await open({ minGasPrice: '9' });
    const txId = await world.plan('alice', undefined, 15);
    const [row] = await world.drive(await world.process(), txId);
    expect(row).toMatchObject({ state: 'expired', reason: expect.stringContaining('too late') });
    expect(await world.transactions()).toEqual([]);
  });

  it('of a full mempool is met with the same bytes later', async () => {
    const world = await open();
    const sent = new Set<string>();
    let full = 3;
    const chainOf = (chain: Chain): Chain => ({
      ...chain,
      broadcast: async (bytes) => {
        sent.add(Buffer.from(bytes).toString('base64'));
        return full-- > 0 ? { code: 20, codespace: 'sdk', log: 'mempool is full' } : await chain.broadcast(bytes);
      },
    });
    const txId = await world.plan('alice');
    const deps = await world.process({ chainOf });
    await expect(driveIntent(deps, txId)).rejects.toMatchObject({ code: 'mempool-full' });
    await world.drive(deps, txId);
    expect(sent.size).toBe(1);
    expect(await world.effects()).toEqual({ [txId]: 1 });
  });

  it('for good is told with its code', async () => {
    const world = await open();
    const chainOf = (chain: Chain): Chain => ({
      ...chain,
      broadcast: async () => ({ code: 5, codespace: 'sdk', log: 'spendable balance is smaller: insufficient funds' }),
    });
    const ids = [await world.plan('alice'), await world.plan('alice')];
    const rows = await world.drive(await world.process({ chainOf }), ...ids);
    for (const row of rows)
      expect(row).toMatchObject({ state: 'refused', reason: expect.stringContaining('sdk code 5') });
  });

  it('is believed to be nothing when an account has no key here or is not on chain', async () => {
    const world = await open();
    const deps = await world.process();
    const [noKey] = await world.drive({ ...deps, signers: new Map() }, await world.plan('alice'));
    expect(noKey).toMatchObject({ state: 'expired', reason: expect.stringContaining('no key') });
    const nobody = { ...deps.chain, account: async () => undefined } as Chain;
    const [row] = await world.drive({ ...deps, chain: nobody }, await world.plan('bob'));
    expect(row).toMatchObject({ state: 'expired', reason: expect.stringContaining('does not exist') });
  });
});

it('loses no transaction of two principals that plan while the lane is at work', async () => {
  const world = await open();
  const deps = await world.process({ terms: { maxPolls: 2 } });
  const ids: string[] = [];
  for (let i = 0; i < 6; i++) {
    ids.push(await world.plan(i % 2 ? 'alice' : 'bob'));
    await driveIntent(deps, ids[i]!).catch(onlyTransient);
    world.block();
  }
  await world.drive(deps, ...ids);
  expect(Object.values(await world.effects())).toEqual(Array(6).fill(1));
});
