import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Comet38Client } from '@cosmjs/tendermint-rpc';
import { afterAll, expect, it } from 'vitest';
import { type Devchain, inProcessClient, openDevchain } from '../../infra/chain/devchain/index.ts';
import { silentDrop } from '../../infra/chain/devchain/rpc/faults.ts';
import { type Backend, startBackend } from '../../infra/local/backend.ts';
import { deployContract, registerModel, registerNode } from '../../infra/local/bootstrap.ts';
import { genesisBalances } from '../../infra/local/devnet.ts';
import { devnetKeys } from '../../infra/local/keys.ts';
import { DEVNET } from '../../infra/local/settings.ts';
import { openFileBlobs } from '../../shared/adapters/local/file-blobs.ts';
import type { Keystore } from '../../shared/adapters/local/keystore.ts';
import { systemClock } from '../../shared/adapters/system/clock.ts';
import { askMessage } from '../../shared/chain/contract-messages.ts';
import { type ConnectedChain, connectEndpoints } from '../../shared/chain/rpc/connect.ts';
import { createLogger } from '../../shared/log.ts';
import { OUTBOX } from '../../shared/outbox.ts';
import { utf8 } from '../../shared/protocol/encoding.ts';
import type { QueryState } from '../../shared/protocol/state.ts';
import { CursorRow, cursorKey } from '../../shared/rows/coverage.ts';
import { planTransaction } from '../../shared/rows/plan-transaction.ts';
import { installTinyModel } from '../../workers/inference/testdata/tiny-model.ts';
import { GENESIS_MS, mined, WASM } from '../test-chain.ts';

const WINDOWS = { roundBlocks: 50, commitBlocks: 500, revealBlocks: 500 };
const NODES = ['node-1', 'node-2'];
const folder = mkdtempSync(join(tmpdir(), 'quorate-bulkheads-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** One chain with contract, model and two nodes, and the backend of its own that serves it. */
interface Bulkhead {
  readonly devchain: Devchain;
  readonly connected: ConnectedChain;
  readonly backend: Backend;
  readonly model: string;
  /** Height of the chain at which a query's stages were handed to a node's workers, by query and node. */
  readonly queuedAt: Map<string, number>;
  block(): void;
  close(): Promise<void>;
}

const open = async (chainId: string, keystore: Keystore, hangs: () => boolean): Promise<Bulkhead> => {
  const devchain = openDevchain({
    path: ':memory:',
    chainId,
    genesis: {
      timeMs: GENESIS_MS,
      balances: genesisBalances(keystore),
      validatorSeed: keystore.receiptSeed('validator'),
    },
    denom: DEVNET.denom,
    minGasPrice: '0.025',
    bech32Prefix: DEVNET.bech32Prefix,
  });
  const block = (): void => void devchain.produceBlock((devchain.head()?.timeMs ?? GENESIS_MS) + DEVNET.blockMs);
  block();
  const transport = inProcessClient(silentDrop(devchain.rpc.handle, hangs));
  const comet = Comet38Client.create(inProcessClient(devchain.rpc.handle));
  const done = <T>(work: Promise<T>): Promise<T> => mined(devchain, block, work);
  const contract = await done(deployContract(comet, keystore.account('operator'), WASM));
  const connected = await connectEndpoints({
    endpoints: [{ name: chainId, transport }],
    chainId,
    contract,
    denom: DEVNET.denom,
    clock: systemClock,
    deadlineMs: 1_000,
  });
  const dataDir = mkdtempSync(join(folder, chainId));
  const { model, manifest } = await installTinyModel(openFileBlobs(join(dataDir, 'blobs')));
  await done(registerModel(comet, connected.chain, keystore.account('operator'), model, manifest, WINDOWS));
  for (const name of NODES)
    await done(registerNode(comet, connected.chain, keystore.node(name), model, manifest.knownAnswer.digest));
  const queuedAt = new Map<string, number>();
  const backend = startBackend({
    dataDir,
    keystore,
    chain: connected.chain,
    sources: connected.sources,
    nodeNames: NODES,
    log: createLogger({ clock: systemClock, sink: () => undefined }),
    loops: [],
    hostOf: ({ name, host }) => ({
      start: (jobs) => {
        const key = `${jobs[0]?.run.queryId}/${name}`;
        if (!queuedAt.has(key)) queuedAt.set(key, devchain.head()?.height ?? 0);
        return host.start(jobs);
      },
    }),
  });
  const close = async (): Promise<void> => {
    await backend.stop();
    await devchain.close();
  };
  return { devchain, connected, backend, model, queuedAt, block, close };
};

/** Nothing is left to do at this height but what a later block decides. */
const isIdle = async ({ backend, devchain }: Bulkhead): Promise<boolean> => {
  const row = await backend.store.get(cursorKey(devchain.chainId));
  if (!row || CursorRow.parse(row.body).next <= (devchain.head()?.height ?? 0)) return false;
  if ((await backend.store.due(OUTBOX, Number.MAX_SAFE_INTEGER, 1)).length > 0) return false;
  const depths = await Promise.all((['advance-run', 'start-job'] as const).map((name) => backend.queue.depth(name)));
  return depths.every(({ visible, inFlight, delayed }) => visible + inFlight + delayed === 0);
};

const ask = async ({ backend, devchain, model }: Bulkhead, keystore: Keystore, name: string): Promise<void> => {
  const input = utf8(`a query that ${name}`);
  const inputHash = await backend.blobs.put(input);
  const msg = askMessage({ model, inputHash, input: { inline: input }, seats: NODES.length, maxUnits: 1_000 });
  const deadlineHeight = (devchain.head()?.height ?? 0) + 100;
  const intent = { txId: name, signer: keystore.account('api').address, msg, fundsUnes: '2000', deadlineHeight };
  await backend.store.transact(planTransaction(intent, systemClock.nowMs()));
};

/** Blocks come only when the backend has done what it can about the last one: heights measure it, whatever the machine does. */
const untilFinal = async (bulkhead: Bulkhead, queryId: number): Promise<QueryState> => {
  for (;;) {
    const query = await bulkhead.connected.chain.query(queryId);
    if (query?.outcome) return query;
    // A block for a transaction that waits, or for the next window; never more than the workers can follow.
    const computing = query?.phase === 'commit' && (query.opening?.committed ?? 0) < NODES.length;
    if (bulkhead.devchain.pendingCount() > 0 || (query && !computing)) bulkhead.block();
    bulkhead.backend.look();
    for (let turns = 0; turns < 5 || !(await isIdle(bulkhead)); turns++)
      await new Promise((resolve) => setImmediate(resolve));
  }
};

/** Blocks between the one that opened the query and the one at which each node's job was queued. */
const latencies = ({ queuedAt }: Bulkhead, { id, opening }: QueryState): number[] =>
  NODES.map((name) => (queuedAt.get(`${id}/${name}`) ?? Number.NaN) - (opening?.height ?? Number.NaN));

it('a chain whose RPC hangs for ever delays no query of another chain', { timeout: 120_000 }, async () => {
  const keystore = await devnetKeys(join(folder, 'keystore.json'), 'bulkheads', DEVNET.bech32Prefix);
  const b = await open('bulkhead-b', keystore, () => false);
  await ask(b, keystore, 'ask/alone');
  const alone = await untilFinal(b, 1);

  let dropped = 0;
  let hangs = false;
  const a = await open('bulkhead-a', keystore, () => {
    dropped += hangs ? 1 : 0;
    return hangs;
  });
  hangs = true;
  a.block();
  const before = (await a.backend.store.get(cursorKey('bulkhead-a')))?.version ?? 0;
  await ask(a, keystore, 'ask/hung');
  a.backend.look();
  await ask(b, keystore, 'ask/beside');
  const beside = await untilFinal(b, 2);

  expect([alone.outcome?.kind, beside.outcome?.kind]).toEqual(['verified', 'verified']);
  expect(latencies(b, alone)).toEqual([0, 0]);
  expect(latencies(b, beside)).toEqual(latencies(b, alone));
  expect(dropped, 'the first chain was asked, and never answered').toBeGreaterThan(0);
  expect((await a.backend.store.get(cursorKey('bulkhead-a')))?.version ?? 0).toBe(before);
  expect(a.queuedAt.size).toBe(0);
  await b.close();
  await a.close();
});
