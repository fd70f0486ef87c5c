import { afterEach, describe, expect, it } from 'vitest';
import { DEVNET } from '../../infra/local/settings.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { settleMessage } from '../../shared/chain/contract-messages.ts';
import { signCalls } from '../../shared/chain/sign.ts';
import { TransientError } from '../../shared/errors.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import { AnomalyRow, anomaliesPartition, CursorRow, cursorKey } from '../../shared/rows/coverage.ts';
import { TxRow, txKey } from '../../shared/rows/transaction.ts';
import { Gate } from './crash.ts';
import { finalState, isQuiet } from './final-state.ts';
import { World, type WorldOptions } from './world.ts';

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

/** A world with a query asked, whose process talks to this chain. */
const begin = async (chainOf: WorldOptions['chainOf']) => {
  world = await World.open({ nodes: 2, ...(chainOf && { chainOf }) });
  await world.ask();
  return { world, deployment: (await world.process(new Gate())).deployment };
};

const play = async (chainOf: WorldOptions['chainOf']) => {
  const begun = await begin(chainOf);
  for (let turn = 0; !(await isQuiet(begun.world, 1)); turn++) {
    expect(turn, begun.world.log).toBeLessThan(300);
    await begun.world.tick(begun.deployment, turn);
  }
  return { world: begun.world, state: await finalState(begun.world, 1) };
};

const txOf = async (of: World, txId: string): Promise<TxRow> => {
  const row = await openSqliteStore(of.database).get(txKey(txId));
  return TxRow.parse(row?.body);
};

describe('transactions', () => {
  it('are sent again as the same bytes when the node took them and lost them, and signed again only after their time-out', async () => {
    const sent: string[] = [];
    const { state, world: ended } = await play((chain) => ({
      ...chain,
      broadcast: async (bytes) => {
        const first = sent.length < 4;
        sent.push(Buffer.from(bytes).toString('base64'));
        return first ? { code: 0, codespace: '', log: '' } : chain.broadcast(bytes);
      },
    }));
    expect(state.query.phase).toBe('verified');
    expect(new Set(sent.slice(0, 4)).size, 'one signature for all lost sends').toBe(1);
    expect(await txOf(ended, 'ask/1')).toMatchObject({ state: 'included', code: 0 });
  });

  it('are found by hash when they got in but the answer was lost', async () => {
    const calm = await play(undefined);
    await calm.world.close();
    const lost = await play((chain) => ({
      ...chain,
      broadcast: async (bytes) => {
        await chain.broadcast(bytes);
        throw new TransientError('rpc-unavailable', 'the answer was lost on the way');
      },
    }));
    expect(lost.state).toEqual(calm.state);
  });

  it('are repaired from the account on chain when another process used the sequence (code 32)', async () => {
    let stolen = false;
    const { state, world: ended } = await play((chain) => ({
      ...chain,
      account: async (address) => {
        const account = await chain.account(address);
        const { operator } = world as World;
        if (account && address === operator.address && !stolen) {
          stolen = true;
          await useSequence(chain, operator, account.sequence);
        }
        return account;
      },
    }));
    expect(stolen).toBe(true);
    expect(state.query.phase).toBe('verified');
    const ask = await txOf(ended, 'ask/1');
    expect(ask).toMatchObject({ state: 'included', code: 0 });
  });

  it('end as expired, with the reason, when their deadline passes before they can be signed', async () => {
    const { world: begun, deployment } = await begin((chain) => ({ ...chain, account: async () => undefined }));
    for (let turn = 0; turn < 12; turn++) await begun.tick(deployment, turn);
    expect(await txOf(begun, 'ask/1')).toMatchObject({
      state: 'expired',
      reason: expect.stringContaining('does not exist'),
    });
  });
});

/** Somebody else with the same key sends a transaction of no effect and takes the sequence. */
const useSequence = async (chain: Chain, signer: World['operator'], sequence: number): Promise<void> => {
  const terms = {
    chainId: DEVNET.chainId,
    contract: chain.contract,
    denom: DEVNET.denom,
    gasLimit: DEVNET.gasLimit,
    feeUnes: DEVNET.feeUnes,
    timeoutHeight: 1_000_000,
  };
  const account = await chain.account(signer.address);
  const { bytes } = await signCalls(
    signer,
    { accountNumber: account?.accountNumber ?? 0, sequence },
    [{ msg: settleMessage(1), fundsUnes: '0' }],
    terms,
  );
  await chain.broadcast(bytes);
};

describe('the watcher', () => {
  it('never moves back on a node that lags', async () => {
    let lag = 0;
    const { world: begun, deployment } = await begin((chain) => ({
      ...chain,
      head: async () => {
        const head = await chain.head();
        return { ...head, height: head.height - lag };
      },
    }));
    const cursor = async () =>
      CursorRow.parse((await openSqliteStore(begun.database).get(cursorKey(DEVNET.chainId)))?.body).next;
    for (let turn = 0; turn < 4; turn++) await begun.tick(deployment, turn);
    const reached = await cursor();
    lag = 3;
    await deployment.watch();
    expect(await cursor()).toBe(reached);
    lag = 0;
    begun.block();
    await deployment.watch();
    expect(await cursor()).toBe(reached + 1);
  });

  it('refuses a block with another parent, and says so', async () => {
    let forked = false;
    const { world: begun, deployment } = await begin((chain) => ({
      ...chain,
      block: async (height) => {
        const block = await chain.block(height);
        return forked ? { ...block, parentHash: 'F'.repeat(64) } : block;
      },
    }));
    await begun.tick(deployment, 0);
    forked = true;
    await expect(begun.tick(deployment, 1)).rejects.toMatchObject({ code: 'parent-hash' });
    expect(await anomalies(begun)).toMatchObject([{ kind: 'parent-hash' }]);
  });

  it('stores a block of many events in several transactions, each event once', async () => {
    const many = Array.from({ length: 130 }, (_, i) => i);
    let at = 0;
    const { world: begun, deployment } = await begin((chain) => ({
      ...chain,
      block: async (height) => {
        const block = await chain.block(height);
        at ||= height;
        if (height !== at) return block;
        const events = many.map((i) => ({
          id: `${DEVNET.chainId}/${height}/0/0/${i}`,
          kind: 'node',
          queryId: undefined,
          txHash: 'AA',
          attributes: {},
        }));
        return { ...block, events };
      },
    }));
    await begun.tick(deployment, 0);
    const stored = await openSqliteStore(begun.database).list(`events/${DEVNET.chainId}/none`, { limit: 500 });
    expect(stored).toHaveLength(many.length);
  });

  it('does no work for an event that the contract denies, and serves a query that no event told of', async () => {
    const invented = 77;
    const { state, world: ended } = await play((chain) => ({
      ...chain,
      block: async (height) => {
        const block = await chain.block(height);
        const events = block.events
          .filter(({ kind }) => kind !== 'asked' && kind !== 'opened')
          .map((event) => (event.kind === 'committed' ? { ...event, queryId: invented } : event));
        return { ...block, events };
      },
    }));
    expect(state.query.phase).toBe('verified');
    const kinds = (await anomalies(ended)).map(({ kind }) => kind).sort();
    expect(kinds).toEqual(['hidden-event', 'invented-event']);
  });
});

const anomalies = async (of: World): Promise<AnomalyRow[]> => {
  const rows = await openSqliteStore(of.database).list(anomaliesPartition(DEVNET.chainId), { limit: 10 });
  return rows.map(({ body }) => AnomalyRow.parse(body));
};
