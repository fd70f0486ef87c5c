import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createApi } from '../../functions/api/app.ts';
import type { ApiDeps } from '../../functions/api/deps.ts';
import { readMoney } from '../../functions/api/read-money.ts';
import { askMessage } from '../../shared/chain/contract-messages.ts';
import { signCalls } from '../../shared/chain/sign.ts';
import { apiHttp } from '../../shared/client/http.ts';
import { type ClientMoney, checkedMoney } from '../../shared/client/money.ts';
import { runTxId } from '../../shared/messages/ids.ts';
import { toHex, utf8 } from '../../shared/protocol/encoding.ts';
import { sha256 } from '../../shared/protocol/sha2.ts';
import { eventKey, eventsPartition } from '../../shared/rows/coverage.ts';
import { runKey, runsOfQuery } from '../../shared/rows/run.ts';
import { type TxRow, txKey } from '../../shared/rows/transaction.ts';
import { apiOf } from '../receipts/api-of.ts';
import { ChainWithModel } from '../receipts/chain-with-model.ts';
import { type Conduct, INPUT, type Play, type Played, playQuery } from '../receipts/play-query.ts';
import { SLASH_UNES } from '../test-chain.ts';
import { type Balances, balances, changes, expectedChanges, type OtherTx, transactionsIn } from './balances.ts';

const OTHER: Conduct = { says: utf8('another answer') };

interface Case {
  readonly world: ChainWithModel;
  readonly deps: ApiDeps;
  readonly played: Played;
  readonly before: Balances;
  /** Of the blocks since the ask. */
  readonly txs: readonly OtherTx[];
}

/** A query on the real contract, and the API of an operator whose rows know the transactions that failed. */
const play = async (seats: number, how: Play | 'ask only'): Promise<Case> => {
  const world = await ChainWithModel.open(seats);
  const [before, from] = [await balances(world), world.height + 1];
  const played = how === 'ask only' ? await askOnly(world) : await playAsFarAsItGoes(world, how);
  const deps = await apiOf(world, played, []);
  const txs = await transactionsIn(world, from, world.height);
  await storeFailed(
    deps,
    played.queryId,
    txs.filter(({ code }) => code !== 0),
  );
  return { world, deps, played, before, txs };
};

const askOnly = async (world: ChainWithModel): Promise<Played> => {
  const inputHash = toHex(sha256(INPUT));
  const msg = askMessage({ model: world.model, inputHash, input: { inline: INPUT }, seats: 1, maxUnits: 1 });
  await world.send(world.operator, msg, '1234');
  world.block();
  return { queryId: (await world.chain.live(undefined, 1))[0]?.id ?? expect.fail('not asked'), work: [] };
};

/** A node that lost weight may not be drawn again at once: then the query stays open, its fee locked. */
const playAsFarAsItGoes = async (world: ChainWithModel, how: Play): Promise<Played> => {
  try {
    return await playQuery(world, how);
  } catch (error) {
    if (!(error instanceof Error && error.message === 'not drawn in round 0')) throw error;
    world.block();
    return { queryId: (await world.chain.live(undefined, 1))[0]?.id ?? expect.fail('not asked'), work: [] };
  }
};

/** Rows of one run that sent them: as the lane writes them. */
const storeFailed = async ({ store, chain }: ApiDeps, queryId: number, failed: readonly OtherTx[]): Promise<void> => {
  const run = { chainId: chain.chainId, queryId, attempt: 0, node: failed[0]?.sender ?? 'nobody' };
  const zeros = '0'.repeat(64);
  const row = { run, queryHash: zeros, model: zeros, inputHash: zeros, state: 'final', history: [] };
  await store.transact([
    { kind: 'put', key: runKey(run), body: row, expect: 'absent' },
    { kind: 'put', key: { pk: runsOfQuery(chain.chainId, queryId), sk: '0/x' }, body: run, expect: 'absent' },
  ]);
  for (const [i, { hash, code, sender }] of failed.entries()) {
    const txId = runTxId(run, 'settle', i + 1);
    const intent = { txId, signer: sender, msg: {}, fundsUnes: '0', deadlineHeight: 1_000_000, run };
    const tx: TxRow = { state: 'included', intent, hash, height: 1, code, log: '', gasUsed: 1, sizeBytes: 1 };
    await store.transact([{ kind: 'put', key: txKey(txId), body: tx, expect: 'absent' }]);
  }
};

const moneyOf = ({ deps, played }: Pick<Case, 'deps' | 'played'>): Promise<ClientMoney> => {
  const app = createApi(deps);
  const api = apiHttp('http://api.test', async (url, init) => app.request(url, init));
  return checkedMoney(api, async () => deps.chain, played.queryId);
};

/** The one claim: entries add up to zero, and to what the bank says of every account. */
const agreesWithTheBank = async (c: Case): Promise<ClientMoney> => {
  const money = await moneyOf(c);
  expect(money.entries.reduce((sum, { unes }) => sum + unes, 0n)).toBe(0n);
  const after = await balances(c.world);
  const ours = new Set(money.entries.map(({ txHash }) => txHash));
  const others = c.txs.filter(({ hash }) => !ours.has(hash));
  const { contract } = c.world.chain;
  expect(changes(c.before, after)).toEqual(expectedChanges(after.keys(), contract, money.entries, others));
  // Only the strangers' bonds are not the query's: two for each ask.
  expect(others.filter(({ code }) => code !== 0)).toEqual([]);
  return money;
};

const ALL: readonly (readonly [string, number, Play | 'ask only', (money: ClientMoney) => void])[] = [
  [
    'verified with an agent and a dissenter',
    3,
    { conduct: [[undefined, OTHER]], agent: true, feeUnes: 3_001n },
    ({ summary, gas }) => {
      expect(summary).toMatchObject({
        feeUnes: 3_001n,
        paidToAgentUnes: 300n,
        lockedUnes: 0n,
        slashedUnes: SLASH_UNES,
      });
      expect(gas.map(({ stage, messages, failed }) => [stage, messages, failed])).toEqual([
        ['ask', 1, 0],
        ['commit', 3, 0],
        ['reveal', 3, 0],
        ['settle', 2, 1],
      ]);
    },
  ],
  [
    'reopened twice and refunded',
    3,
    { conduct: [0, 1, 2].map(() => [undefined, OTHER, { says: utf8('a third') }]) },
    ({ summary, gas }) => {
      expect(summary).toMatchObject({ feeUnes: 3_000n, refundedUnes: 3_000n, paidToNodesUnes: 0n, slashedUnes: 0n });
      expect(gas.find(({ stage }) => stage === 'commit')?.messages).toBe(9);
    },
  ],
  [
    'reopened after nobody revealed, then verified',
    3,
    { conduct: [['absent', 'absent', 'absent']] },
    ({ summary }) => expect(summary).toMatchObject({ slashedUnes: 3n * SLASH_UNES, lockedUnes: 0n, refundedUnes: 0n }),
  ],
  [
    'asked and open',
    3,
    'ask only',
    ({ summary, entries }) => {
      expect(summary).toMatchObject({ feeUnes: 1_234n, lockedUnes: 1_234n, gasFeesUnes: 25_000n });
      expect(entries).toHaveLength(4);
    },
  ],
];

describe('money of a query on the real contract', () => {
  it.each(ALL)('adds up to zero and to the bank: %s', async (_, seats, how, judge) => {
    judge(await agreesWithTheBank(await play(seats, how)));
  });

  it('adds up whatever the committee does', async () => {
    const conduct = fc.constantFrom<Conduct | undefined>(undefined, undefined, undefined, OTHER, 'mismatch', 'absent');
    const plays = fc.record({
      conduct: fc.array(fc.array(conduct, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 3 }),
      feeUnes: fc.bigInt(3_000n, 10_000n),
      agent: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(plays, async (how) => void (await agreesWithTheBank(await play(3, how)))),
      { numRuns: 12, seed: 5 },
    );
  });

  it('shares the fee of one transaction among the queries that it asks, to the last une', async () => {
    const world = await ChainWithModel.open(3);
    const before = await balances(world);
    const msg = askMessage({
      model: world.model,
      inputHash: toHex(sha256(INPUT)),
      input: { inline: INPUT },
      seats: 1,
      maxUnits: 1,
    });
    const account = (await world.chain.account(world.operator.address)) ?? expect.fail('no operator');
    const { chainId, contract } = world.chain;
    const terms = { chainId, contract, denom: 'unes', gasLimit: 1_000_000, feeUnes: '25001', timeoutHeight: 1_000 };
    const calls = ['1000', '2000', '1500'].map((fundsUnes) => ({ msg, fundsUnes }));
    await world.chain.broadcast((await signCalls(world.operator, account, calls, terms)).bytes);
    world.block();
    const ids = (await world.chain.live(undefined, 10)).map(({ id }) => id);
    const deps = await apiOf(world, { queryId: 0, work: [] }, []);
    const all = await Promise.all(ids.map((queryId) => moneyOf({ deps, played: { queryId, work: [] } })));
    expect(all.map(({ summary }) => [summary.feeUnes, summary.gasFeesUnes])).toEqual([
      [1_000n, 8_333n],
      [2_000n, 8_334n],
      [1_500n, 8_334n],
    ]);
    const entries = all.flatMap((money) => money.entries);
    const after = await balances(world);
    expect(changes(before, after)).toEqual(expectedChanges(after.keys(), contract, entries, []));
  });

  it('is refused by the client when the API changes it', async () => {
    const c = await play(3, { agent: true });
    const honest = await readMoney(c.deps, c.played.queryId);
    const from = (change: (entries: typeof honest.entries) => void): Promise<ClientMoney> => {
      const entries = honest.entries.map((entry) => ({ ...entry }));
      change(entries);
      const api = apiHttp('http://api.test', async () => new Response(JSON.stringify({ ...honest, entries })));
      return checkedMoney(api, async () => c.deps.chain, c.played.queryId);
    };
    const find = (entries: typeof honest.entries, role: string, stage: string, sign: 1 | -1) =>
      entries.find((e) => e.role === role && e.stage === stage && Number(e.unes) * sign > 0) ?? expect.fail(role);
    await expect(from(() => undefined)).resolves.toMatchObject({ sumUnes: 0n });
    await expect(from((entries) => void entries.pop())).rejects.toMatchObject({ code: 'ledger-unbalanced' });
    const shift = (entries: typeof honest.entries, role: string, by: number): void => {
      const [gets, gives] = [find(entries, role, 'settle', 1), find(entries, 'pool', 'settle', 1)];
      gets.unes = String(BigInt(gets.unes) + BigInt(by));
      gives.unes = String(BigInt(gives.unes) - BigInt(by));
    };
    await expect(from((entries) => shift(entries, 'node', 5))).rejects.toMatchObject({ code: 'money-refused' });
    const double = (entries: typeof honest.entries): void => {
      find(entries, 'contract', 'ask', 1).unes = '6000';
      find(entries, 'asker', 'ask', -1).unes = '-6000';
    };
    await expect(from(double)).rejects.toMatchObject({ code: 'money-refused' });
  });

  it('names what is missing when an event was hidden, instead of a wrong sum', async () => {
    const c = await play(3, { agent: true });
    const rows = await c.deps.store.list<{ kind: string; txHash: string }>(
      eventsPartition(c.world.chain.chainId, c.played.queryId),
      { limit: 500 },
    );
    for (const kind of ['asked', 'committed', 'revealed', 'settled']) {
      const { txHash } = rows.find(({ body }) => body.kind === kind)?.body ?? expect.fail(kind);
      const hidden = rows.filter(({ body }) => body.txHash === txHash);
      await c.deps.store.transact(hidden.map(({ pk, sk }) => ({ kind: 'delete', key: { pk, sk }, expect: 'any' })));
      await expect(moneyOf(c)).rejects.toMatchObject({ code: 'money-incomplete', family: 'transient' });
      await c.deps.store.transact(
        hidden.map(({ pk, sk, body }) => ({ kind: 'put', key: { pk, sk }, body, expect: 'any' })),
      );
    }
    await agreesWithTheBank(c);
  });

  it('refuses a transaction that only an event knows, and an agent share that the rule does not give', async () => {
    const c = await play(3, { agent: true });
    const { chainId } = c.world.chain;
    const { queryId } = c.played;
    const invented = { id: `${chainId}/9/9/9/9`, kind: 'committed', queryId, txHash: 'F'.repeat(64), attributes: {} };
    const key = eventKey(chainId, queryId, invented.id);
    await c.deps.store.transact([{ kind: 'put', key, body: invented, expect: 'absent' }]);
    await expect(readMoney(c.deps, queryId)).rejects.toMatchObject({ code: 'money-incomplete' });
    await c.deps.store.transact([{ kind: 'delete', key, expect: 'any' }]);
    const rows = await c.deps.store.list<{ attributes: Record<string, string> }>(eventsPartition(chainId, queryId), {
      limit: 500,
    });
    const paid = rows.find(({ body }) => body.attributes.agent !== undefined) ?? expect.fail('no agent paid');
    const body = { ...paid.body, attributes: { ...paid.body.attributes, amount: '301' } };
    await c.deps.store.transact([{ kind: 'put', key: paid, body, expect: 'any' }]);
    await expect(readMoney(c.deps, queryId)).rejects.toMatchObject({ code: 'money-disagrees', family: 'invariant' });
  });
});
