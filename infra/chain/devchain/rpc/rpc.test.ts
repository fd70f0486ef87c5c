import { SigningCosmWasmClient } from '@cosmjs/cosmwasm';
import type { EncodeObject } from '@cosmjs/proto-signing';
import { GasPrice } from '@cosmjs/stargate';
import { Comet38Client, HttpClient, WebsocketClient } from '@cosmjs/tendermint-rpc';
import { ed25519 } from '@noble/curves/ed25519.js';
import { SignMode } from 'cosmjs-types/cosmos/tx/signing/v1beta1/signing';
import { AuthInfo, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leafHash as leafHashOf, merkleVerify } from '../../../../shared/protocol/merkle.ts';
import { resultsHash } from '../comet/hashes.ts';
import { headerHash, timestampFromMs } from '../comet/header.ts';
import { sha256 } from '../comet/merkle.ts';
import { voteSignBytes } from '../comet/validator.ts';
import type { Devchain, RpcServer } from '../index.ts';
import { inProcessClient } from '../index.ts';
import { addressOf, autoBlock, DENOM, deployProbe, openChain, signingClient, wallet } from '../testdata/harness.ts';

let chain: Devchain;
let server: RpcServer;
let comet: Comet38Client;
let client: SigningCosmWasmClient;
let sender: string;
let other: string;
let contract: string;

beforeAll(async () => {
  chain = await openChain();
  server = await chain.serve({ host: '127.0.0.1', port: 0, handle: autoBlock(chain) });
  comet = Comet38Client.create(new HttpClient(server.url));
  client = await SigningCosmWasmClient.connectWithSigner(server.url, await wallet(1), {
    gasPrice: GasPrice.fromString(`0.025${DENOM}`),
    broadcastPollIntervalMs: 1,
  });
  sender = await addressOf(1);
  other = await addressOf(2);
  ({ contract } = await deployProbe(client, sender));
});

afterAll(() => chain.close());

const FEE = { amount: [{ denom: DENOM, amount: '7500' }], gas: '300000' };
const later = () => chain.produceBlock((chain.head()?.timeMs ?? 0) + 1000);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const sendMsg = (amount: string): EncodeObject => ({
  typeUrl: '/cosmos.bank.v1beta1.MsgSend',
  value: { fromAddress: sender, toAddress: other, amount: [{ denom: DENOM, amount }] },
});

/** Signs a transfer of account 1 with everything chosen by the caller; no client checks it on the way. */
async function signed(over: {
  sequence?: number;
  fee?: { amount: { denom: string; amount: string }[]; gas: string };
  chainId?: string;
  timeoutHeight?: bigint;
  amount?: string;
}): Promise<Uint8Array> {
  const { accountNumber, sequence } = await client.getSequence(sender);
  const signerData = { accountNumber, sequence: over.sequence ?? sequence, chainId: over.chainId ?? 'devchain-test' };
  const messages = [sendMsg(over.amount ?? '1')];
  return TxRaw.encode(
    await client.sign(sender, messages, over.fee ?? FEE, '', signerData, over.timeoutHeight),
  ).finish();
}

const quiet = () => Comet38Client.create(inProcessClient(chain.rpc.handle));
const broadcast = async (tx: Uint8Array) => quiet().broadcastTxSync({ tx });

describe('CosmJS over HTTP', () => {
  test('upload, instantiate, execute, query and send', async () => {
    expect(await client.getChainId()).toBe('devchain-test');
    expect(await client.getHeight()).toBe(chain.head()?.height);
    const executed = await client.execute(sender, contract, { set: { key: 'k', value: 'v' } }, 'auto');
    expect(executed.height).toBe(chain.head()?.height);
    expect(await client.queryContractSmart(contract, { get: { key: 'k' } })).toBe('v');
    const before = BigInt((await client.getBalance(other, DENOM)).amount);
    const sent = await client.sendTokens(sender, other, [{ denom: DENOM, amount: '5' }], 'auto');
    expect(sent.code).toBe(0);
    expect(BigInt((await client.getBalance(other, DENOM)).amount) - before).toBe(5n);
    expect(await client.getAccount(await addressOf(77))).toBeNull();
  });

  test('with fee "auto" a failing message fails in the simulation', async () => {
    await expect(client.execute(sender, contract, { set_then_fail: { key: 'k', value: 'v' } }, 'auto')).rejects.toThrow(
      /Query failed with \(6\): rpc error: code = Unknown desc = failed to execute message.*gas used/,
    );
  });

  test('a delivered failing transaction has code 5, keeps its fee and sequence, and only the ante events', async () => {
    const { sequence } = await client.getSequence(sender);
    const before = BigInt((await client.getBalance(sender, DENOM)).amount);
    const failing = client.execute(sender, contract, { set_then_fail: { key: 'k', value: 'w' } }, FEE);
    await expect(failing).rejects.toThrow('Code: 5');
    const height = chain.head()?.height ?? 0;
    const { results } = await comet.blockResults(height);
    expect(results[0]).toMatchObject({ code: 5, codespace: 'wasm', gasWanted: 300000n });
    expect(results[0]?.events.map(({ type }) => type)).toEqual([
      'coin_spent',
      'coin_received',
      'transfer',
      'message',
      'tx',
      'tx',
      'tx',
    ]);
    expect((await client.getSequence(sender)).sequence).toBe(sequence + 1);
    expect(before - BigInt((await client.getBalance(sender, DENOM)).amount)).toBe(7500n);
    const found = await client.searchTx(`tx.height=${height}`);
    expect(found.map(({ code }) => code)).toEqual([5]);
  });
});

describe('CheckTx', () => {
  test('a wrong sequence is code 32 in the words of the SDK', async () => {
    const { sequence } = await client.getSequence(sender);
    const result = await broadcast(await signed({ sequence: sequence + 3 }));
    expect(result).toMatchObject({ code: 32, codespace: 'sdk' });
    expect(result.log).toBe(
      `account sequence mismatch, expected ${sequence}, got ${sequence + 3}: incorrect account sequence`,
    );
  });

  test('several sequences of one sender can wait, and all land in one block', async () => {
    const { sequence } = await client.getSequence(sender);
    for (let i = 0; i < 3; i++) {
      expect((await broadcast(await signed({ sequence: sequence + i, amount: `${i + 1}` }))).code).toBe(0);
    }
    expect(chain.pendingCount()).toBe(3);
    const block = later();
    expect([block.txCount, block.failedTxCount, chain.pendingCount()]).toEqual([3, 0, 0]);
  });

  test('fee, funds, chain id, timeout height, unknown account, garbage', async () => {
    const low = await broadcast(await signed({ fee: { amount: [{ denom: DENOM, amount: '7499' }], gas: '300000' } }));
    expect([low.code, low.log]).toEqual([
      13,
      `insufficient fees; got: 7499${DENOM} required: 7500${DENOM}: insufficient fee`,
    ]);
    const fee = { amount: [{ denom: DENOM, amount: '99000000000' }], gas: '300000' };
    expect((await broadcast(await signed({ fee }))).code).toBe(5);
    const chainId = await broadcast(await signed({ chainId: 'other-chain' }));
    expect([chainId.code, chainId.log?.includes('signature verification failed')]).toEqual([4, true]);
    const late = await broadcast(await signed({ timeoutHeight: BigInt((chain.head()?.height ?? 0) - 1) }));
    expect([late.code, late.log?.includes('tx timeout height')]).toEqual([30, true]);
    const stranger = await signingClient(chain, 77);
    const address = await addressOf(77);
    const data = { accountNumber: 0, sequence: 0, chainId: 'devchain-test' };
    const unknown = await stranger.sign(
      address,
      [{ ...sendMsg('1'), value: { ...sendMsg('1').value, fromAddress: address } }],
      FEE,
      '',
      data,
    );
    expect((await broadcast(TxRaw.encode(unknown).finish())).code).toBe(9);
    expect((await broadcast(Uint8Array.of(1, 2, 3))).code).toBe(2);
  });

  test('a transaction that is in time when sent and late when included fails with code 30', async () => {
    const tx = await signed({ timeoutHeight: BigInt(chain.head()?.height ?? 0) });
    expect((await broadcast(tx)).code).toBe(0);
    expect(later().failedTxCount).toBe(1);
    const result = await quiet().tx({ hash: sha256(tx) });
    expect([result.result.code, result.result.events.length]).toEqual([30, 0]);
  });

  test('a duplicate is refused as CometBFT refuses it, pending or included; a failed one may come again', async () => {
    const tx = await signed({});
    expect((await broadcast(tx)).code).toBe(0);
    await expect(broadcast(tx)).rejects.toThrow('tx already exists in cache');
    later();
    await expect(broadcast(tx)).rejects.toThrow('tx already exists in cache');
    const wrong = await signed({ sequence: 999 });
    expect((await broadcast(wrong)).code).toBe(32);
    expect((await broadcast(wrong)).code).toBe(32);
  });

  test('while one waits, a rival with its sequence is refused; one that can no longer pay fails in the block', async () => {
    await client.sendTokens(sender, await addressOf(3), [{ denom: DENOM, amount: '15100' }], FEE);
    const poor = await signingClient(chain, 3, chain.rpc.handle);
    const from = await addressOf(3);
    const spend = async (sequence: number, amount: string) => {
      const { accountNumber } = await poor.getSequence(from);
      const message = { ...sendMsg(amount), value: { ...sendMsg(amount).value, fromAddress: from } };
      const signer = { accountNumber, sequence, chainId: 'devchain-test' };
      return TxRaw.encode(await poor.sign(from, [message], FEE, '', signer)).finish();
    };
    expect((await broadcast(await spend(0, '7600'))).code).toBe(0);
    expect((await broadcast(await spend(0, '1'))).code).toBe(32);
    const second = await spend(1, '1');
    expect((await broadcast(second)).code).toBe(0);
    expect(later().failedTxCount).toBe(1);
    const { result } = await quiet().tx({ hash: sha256(second) });
    expect([result.code, result.codespace, result.events.length]).toEqual([5, 'sdk', 0]);
    expect([(await poor.getBalance(from, DENOM)).amount, (await poor.getSequence(from)).sequence]).toEqual(['0', 1]);
  });

  test('a signature in another mode than direct is refused', async () => {
    const tx = TxRaw.decode(await signed({}));
    const authInfo = AuthInfo.decode(tx.authInfoBytes);
    const [info] = authInfo.signerInfos;
    if (info?.modeInfo?.single === undefined) throw new Error('a signed transaction names its mode');
    info.modeInfo.single.mode = SignMode.SIGN_MODE_LEGACY_AMINO_JSON;
    const amino = TxRaw.encode({ ...tx, authInfoBytes: AuthInfo.encode(authInfo).finish() }).finish();
    expect((await broadcast(amino)).code).toBe(37);
  });
});

describe('blocks', () => {
  test('a block verifies offline: header, commit signature, results, inclusion', async () => {
    const tx = await signed({});
    await broadcast(tx);
    const { height } = later();
    later();
    const [block, next] = [await comet.block(height), await comet.block(height + 1)];
    const { header, commit, canonical } = await comet.commit(height);
    expect([canonical, (await comet.commit()).canonical]).toEqual([true, false]);
    const hash = headerHash({
      ...header,
      version: { block: BigInt(header.version.block), app: BigInt(header.version.app) },
      height: BigInt(header.height),
      time: timestampFromMs(header.time.getTime()),
      lastBlockId: {
        hash: header.lastBlockId?.hash ?? new Uint8Array(0),
        partSetHeader: header.lastBlockId?.parts ?? { total: 0, hash: new Uint8Array(0) },
      },
    });
    expect(hex(hash ?? new Uint8Array(0))).toBe(hex(commit.blockId.hash));
    expect(hex(next.block.header.lastBlockId?.hash ?? new Uint8Array(0))).toBe(hex(commit.blockId.hash));
    const [vote] = commit.signatures;
    const [validator] = (await comet.validatorsAll(height)).validators;
    const signBytes = voteSignBytes({
      type: 2,
      height: BigInt(height),
      round: 0n,
      blockId: { hash: commit.blockId.hash, partSetHeader: commit.blockId.parts },
      timestamp: timestampFromMs(vote?.timestamp?.getTime() ?? 0),
      chainId: 'devchain-test',
    });
    const key = validator?.pubkey?.data ?? new Uint8Array(0);
    expect(ed25519.verify(vote?.signature ?? new Uint8Array(64), signBytes, key)).toBe(true);
    // BFT time: the next header's time is that of the votes it carries.
    expect(vote?.timestamp?.getTime()).toBe(next.block.header.time.getTime());
    const { results } = await comet.blockResults(height);
    const deterministic = results.map((each) => ({ ...each, data: each.data ?? new Uint8Array(0) }));
    expect(hex(resultsHash(deterministic))).toBe(hex(next.block.header.lastResultsHash));
    const { proof } = await comet.tx({ hash: sha256(tx), prove: true });
    const { total, index, leafHash, aunts } = proof?.proof ?? expect.fail('no proof');
    expect(merkleVerify(block.block.header.dataHash, sha256(tx), index, total, aunts)).toBe(true);
    expect(hex(leafHash)).toBe(hex(leafHashOf(sha256(tx))));
  });

  test('the smaller methods', async () => {
    const height = chain.head()?.height ?? 0;
    expect((await comet.blockchain(1, height)).blockMetas.length).toBe(Math.min(20, height));
    expect((await comet.validatorsAll()).total).toBe(1);
    expect((await comet.genesis()).chainId).toBe('devchain-test');
    expect((await comet.abciInfo()).lastBlockHeight).toBe(height);
    expect(await comet.health()).toBeNull();
    expect((await comet.numUnconfirmedTxs()).total).toBe(0);
  });

  test('errors are CometBFT 0.38 errors', async () => {
    const call = (method: string, params: object) => chain.rpc.handle({ jsonrpc: '2.0', id: 5, method, params });
    const head = chain.head()?.height ?? 0;
    expect(await call('block', { height: '99999' })).toEqual({
      jsonrpc: '2.0',
      id: 5,
      error: {
        code: -32603,
        message: 'Internal error',
        data: `height 99999 must be less than or equal to the current blockchain height ${head}`,
      },
    });
    const missing = await call('tx', { hash: Buffer.alloc(32).toString('base64') });
    expect(missing).toMatchObject({ error: { code: -32603, data: `tx (${'00'.repeat(32)}) not found` } });
    expect(await call('nothing', {})).toMatchObject({ error: { code: -32601, message: 'Method not found' } });
    expect(await call('block', { height: 'x' })).toMatchObject({ error: { code: -32602 } });
  });

  test('state can be queried at an older height', async () => {
    const set = (value: string) => client.execute(sender, contract, { set: { key: 'old', value } }, FEE);
    await set('first');
    const height = chain.head()?.height ?? 0;
    await set('second');
    const at = async (asked: number) => {
      const { QueryRawContractStateRequest, QueryRawContractStateResponse } = await import(
        'cosmjs-types/cosmwasm/wasm/v1/query'
      );
      const data = QueryRawContractStateRequest.encode({ address: contract, queryData: Buffer.from('old') }).finish();
      const path = '/cosmwasm.wasm.v1.Query/RawContractState';
      const answer = await comet.abciQuery({ path, data, height: asked });
      return Buffer.from(QueryRawContractStateResponse.decode(answer.value).data).toString();
    };
    expect([await at(height), await at(height + 1)]).toEqual(['first', 'second']);
  });
});

describe('tx_search', () => {
  test('by event attributes, heights and hash, in pages and both orders', async () => {
    const hashes: string[] = [];
    for (const query_id of ['1', '2', '1']) {
      hashes.push((await client.execute(sender, contract, { emit: { query_id } }, FEE)).transactionHash);
    }
    const find = async (query: string) =>
      (await comet.txSearchAll({ query })).txs.map((tx) => hex(tx.hash).toUpperCase());
    expect(await find(`wasm-quorate.query_id='1'`)).toEqual([hashes[0], hashes[2]]);
    expect(await find(`wasm-quorate.query_id='2' AND wasm-quorate._contract_address='${contract}'`)).toEqual([
      hashes[1],
    ]);
    expect(await find(`tx.hash='${hashes[1]}'`)).toEqual([hashes[1]]);
    const head = chain.head()?.height ?? 0;
    expect(await find(`tx.height>${head - 2} AND tm.event='Tx'`)).toEqual(hashes.slice(1));
    expect(await find(`wasm-quorate.query_id EXISTS AND tx.height<=${head - 1}`)).toEqual(hashes.slice(0, 2));
    const page = await comet.txSearch({
      query: 'wasm-quorate.query_id EXISTS',
      page: 2,
      per_page: 2,
      order_by: 'desc',
    });
    expect([page.totalCount, page.txs.map((tx) => hex(tx.hash).toUpperCase())]).toEqual([3, [hashes[0]]]);
    await expect(comet.txSearch({ query: 'nonsense' })).rejects.toThrow('failed to parse query');
    await expect(comet.txSearch({ query: 'tx.height=1', page: 9 })).rejects.toThrow(
      'page should be within [1, 1] range',
    );
  });
});

describe('HTTP', () => {
  const get = async (path: string) => {
    const response = await fetch(`${server.url}${path}`);
    return {
      status: response.status,
      body: (await response.json()) as { result?: Record<string, never>; error?: object },
    };
  };

  test('methods by GET with URI parameters', async () => {
    expect((await get('/status')).body.result).toHaveProperty('sync_info');
    expect((await get('/block?height=1')).body.result).toHaveProperty('block.header.height', '1');
    const [tx] = await client.searchTx(`wasm-quorate.query_id='2'`);
    expect((await get(`/tx?hash=0x${tx?.hash}&prove=true`)).body.result).toHaveProperty('proof.proof.total', '1');
    const query = encodeURIComponent(`"wasm-quorate.query_id='2'"`);
    expect((await get(`/tx_search?query=${query}`)).body.result).toHaveProperty('total_count', '1');
    expect((await get('/nothing')).status).toBe(404);
    expect((await get('/block?height=99999')).status).toBe(500);
  });

  test('batches, broken JSON and bodies beyond the limit', async () => {
    const post = (body: string) => fetch(server.url, { method: 'POST', body });
    const one = (id: number) => ({ jsonrpc: '2.0', id, method: 'health', params: {} });
    const batch = (await (await post(JSON.stringify([one(1), one(2), { id: 3 }]))).json()) as object[];
    expect(batch).toMatchObject([{ id: 1, result: {} }, { id: 2, result: {} }, { error: { code: -32600 } }]);
    expect((await (await post('{')).json()) as object).toMatchObject({ error: { code: -32700 } });
    expect((await post('x'.repeat(1_000_001))).status).toBe(413);
  });
});

describe('websocket', () => {
  test('NewBlock and Tx, with and without conditions', async () => {
    const socket = Comet38Client.create(new WebsocketClient(server.url.replace('http', 'ws')));
    const blocks: number[] = [];
    const txs: string[] = [];
    const all: string[] = [];
    socket.subscribeNewBlock().addListener({ next: (block) => void blocks.push(block.header.height) });
    socket.subscribeTx().addListener({ next: (tx) => void all.push(hex(tx.hash)) });
    socket.subscribeTx(`wasm-quorate.query_id='socket'`).addListener({ next: (tx) => void txs.push(hex(tx.hash)) });
    expect((await socket.status()).syncInfo.latestBlockHeight).toBe(chain.head()?.height);
    const { transactionHash } = await client.execute(sender, contract, { emit: { query_id: 'socket' } }, FEE);
    const { height } = later();
    await client.sendTokens(sender, other, [{ denom: DENOM, amount: '1' }], FEE);
    await expect.poll(() => all.length).toBe(2);
    expect(txs).toEqual([transactionHash.toLowerCase()]);
    expect(blocks).toEqual([height - 1, height, height + 1]);
    socket.disconnect();
  });
});
