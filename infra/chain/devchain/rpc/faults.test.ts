import type { SigningCosmWasmClient } from '@cosmjs/cosmwasm';
import { Comet38Client } from '@cosmjs/tendermint-rpc';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Devchain, inProcessClient, type RpcHandle } from '../index.ts';
import { addressOf, autoBlock, DENOM, deployProbe, openChain, signingClient } from '../testdata/harness.ts';
import {
  dropBroadcasts,
  failTransport,
  hideEvents,
  inventEvents,
  laggingNode,
  loseAnswers,
  silentDrop,
} from './faults.ts';
import { TransportError } from './transport-error.ts';

let chain: Devchain;
let client: SigningCosmWasmClient;
let sender: string;
let contract: string;

beforeAll(async () => {
  chain = await openChain();
  client = await signingClient(chain, 1);
  sender = await addressOf(1);
  ({ contract } = await deployProbe(client, sender));
});

afterAll(() => chain.close());

const FEE = { amount: [{ denom: DENOM, amount: '7500' }], gas: '300000' };
const comet = (handle: RpcHandle) => Comet38Client.create(inProcessClient(handle));
const emit = (by: SigningCosmWasmClient) => by.execute(sender, contract, { emit: { query_id: '1' } }, FEE);

test('a lagging node answers as of its own head', async () => {
  await client.execute(sender, contract, { set: { key: 'lag', value: 'old' } }, FEE);
  const { transactionHash } = await client.execute(sender, contract, { set: { key: 'lag', value: 'new' } }, FEE);
  const height = chain.head()?.height ?? 0;
  const lagging = laggingNode(autoBlock(chain), () => 1);
  const node = comet(lagging);
  expect((await node.status()).syncInfo.latestBlockHeight).toBe(height - 1);
  expect((await node.block()).block.header.height).toBe(height - 1);
  await expect(node.blockResults(height)).rejects.toThrow(`current blockchain height ${height - 1}`);
  await expect(node.tx({ hash: Buffer.from(transactionHash, 'hex') })).rejects.toThrow('not found');
  expect((await node.txSearchAll({ query: `tx.hash='${transactionHash}'` })).totalCount).toBe(0);
  const late = await signingClient(chain, 1, lagging);
  expect(await late.queryContractSmart(contract, { get: { key: 'lag' } })).toBe('old');
});

test('a lying node hides and invents events in block_results', async () => {
  await emit(client);
  const height = chain.head()?.height ?? 0;
  const types = async (handle: RpcHandle) =>
    (await comet(handle).blockResults(height)).results[0]?.events.map(({ type }) => type);
  expect((await types(chain.rpc.handle))?.at(-1)).toBe('wasm-quorate');
  const hiding = hideEvents(chain.rpc.handle, ({ type }) => type === 'wasm-quorate');
  expect(await types(hiding)).not.toContain('wasm-quorate');
  const inventing = inventEvents(chain.rpc.handle, (place) =>
    place.height === height ? [{ type: 'wasm-forged', attributes: [{ key: 'a', value: 'b' }] }] : [],
  );
  expect((await types(inventing))?.at(-1)).toBe('wasm-forged');
});

test('a dropped broadcast is accepted and never included', async () => {
  const dropping = await signingClient(
    chain,
    1,
    dropBroadcasts(chain.rpc.handle, () => true),
  );
  const hash = await dropping.signAndBroadcastSync(sender, [send()], FEE);
  expect(hash).toHaveLength(64);
  expect(chain.pendingCount()).toBe(0);
});

test('a lost answer comes after its effect', async () => {
  const losing = loseAnswers(chain.rpc.handle, ({ method }) => method === 'broadcast_tx_sync');
  const unlucky = await signingClient(chain, 1, losing);
  await expect(unlucky.signAndBroadcastSync(sender, [send()], FEE)).rejects.toThrow('before the answer came');
  expect(chain.pendingCount()).toBe(1);
  chain.produceBlock((chain.head()?.timeMs ?? 0) + 1000);
  expect(chain.pendingCount()).toBe(0);
});

test('transport errors carry their status, over HTTP as such', async () => {
  const failing = failTransport(chain.rpc.handle, ({ method }) => (method === 'status' ? 429 : undefined));
  await expect(comet(failing).status()).rejects.toThrow(TransportError);
  const server = await chain.serve({ host: '127.0.0.1', port: 0, handle: failing });
  const post = (method: string) =>
    fetch(server.url, { method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: 1, method }) });
  expect([(await post('status')).status, (await post('health')).status]).toEqual([429, 200]);
});

test('a 429 for a while says over HTTP when to come back, and ends', async () => {
  let left = 2;
  const busy = failTransport(chain.rpc.handle, () => (left-- > 0 ? { status: 429, retryAfterS: 7 } : undefined));
  const server = await chain.serve({ host: '127.0.0.1', port: 0, handle: busy });
  const post = () => fetch(server.url, { method: 'POST', body: '{"jsonrpc":"2.0","id":1,"method":"health"}' });
  const answers = [await post(), await post(), await post()];
  expect(answers.map(({ status, headers }) => [status, headers.get('retry-after')])).toEqual([
    [429, '7'],
    [429, '7'],
    [200, null],
  ]);
});

test('a dropped connection neither answers nor closes, and other requests go through', async () => {
  const dropping = silentDrop(chain.rpc.handle, ({ method }) => method === 'status');
  const server = await chain.serve({ host: '127.0.0.1', port: 0, handle: dropping });
  const cut = new AbortController();
  const post = (method: string) =>
    fetch(server.url, { method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: 1, method }), signal: cut.signal });
  let settled = false;
  const silent = post('status').finally(() => {
    settled = true;
  });
  for (let i = 0; i < 5; i++) expect((await post('health')).status).toBe(200);
  expect(settled).toBe(false);
  cut.abort();
  await expect(silent).rejects.toThrow();
});

function send() {
  const value = { fromAddress: sender, toAddress: sender, amount: [{ denom: DENOM, amount: '1' }] };
  return { typeUrl: '/cosmos.bank.v1beta1.MsgSend', value };
}
