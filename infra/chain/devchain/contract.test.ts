import { createHash, generateKeyPairSync, sign as nodeSign } from 'node:crypto';
import type { SigningCosmWasmClient } from '@cosmjs/cosmwasm';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { MsgExecuteContractResponse, MsgInstantiateContractResponse } from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Devchain } from './index.ts';
import { addressOf, DENOM, deployProbe, GENESIS_MS, openChain, PROBE_WASM, signingClient } from './testdata/harness.ts';

let chain: Devchain;
let client: SigningCosmWasmClient;
let sender: string;
let other: string;
let contract: string;
let codeId: number;

beforeAll(async () => {
  chain = await openChain();
  client = await signingClient(chain, 1);
  sender = await addressOf(1);
  other = await addressOf(2);
  ({ contract, codeId } = await deployProbe(client, sender));
});

afterAll(() => chain.close());

const FEE = { amount: [{ denom: DENOM, amount: '25000' }], gas: '1000000' };
const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64');
const json = (value: unknown) => base64(JSON.stringify(value));
const run = (msg: object, funds: { denom: string; amount: string }[] = []) =>
  client.execute(sender, contract, msg, FEE, undefined, funds);
const query = (msg: object) => client.queryContractSmart(contract, msg);
const get = (key: string) => query({ get: { key } });
const types = (events: readonly { type: string }[]) => events.map(({ type }) => type);
const balance = async (address: string) => BigInt((await client.getBalance(address, DENOM)).amount);

/** A failing transaction, however it was delivered, as CosmJS reports it. */
async function failure(msg: object): Promise<string> {
  return run(msg).then(
    () => 'no failure',
    (error: Error) => error.message,
  );
}

describe('codes and contracts', () => {
  test('contract addresses and checksums are those of wasmd', async () => {
    // The first contract of every wasmd chain has this address: code 1, instance 1.
    expect(contract).toBe('wasm14hj2tavq8fpesdwxxcu44rty3hh90vhujrvcmstl4zr3txmfvw9s0phg4d');
    const details = await client.getCodeDetails(codeId);
    expect(details.checksum).toBe(createHash('sha256').update(PROBE_WASM).digest('hex'));
    expect(details.data).toEqual(PROBE_WASM);
    expect((await client.getCodes()).map(({ id }) => id)).toEqual([1]);
    expect(await client.getContracts(codeId)).toContain(contract);
    expect((await client.getContract(contract)).admin).toBe(sender);
    expect(await client.getContractsByCreator(sender)).toContain(contract);
  });

  test('wasm that is none, and wasm with foreign imports, are refused with code 2', async () => {
    const notWasm = client.upload(sender, new Uint8Array([1, 2, 3]), FEE);
    await expect(notWasm).rejects.toThrow(/static Wasm validation.*create wasm contract failed/);
  });

  test('admin: migrate, update, clear', async () => {
    const second = await client.instantiate(sender, codeId, { label: 'old' }, 'second', FEE, { admin: sender });
    const address = second.contractAddress;
    const migrated = await client.migrate(sender, address, codeId, { label: 'new' }, FEE);
    expect(types(migrated.events).slice(-3)).toEqual(['message', 'migrate', 'wasm']);
    expect(await client.queryContractSmart(address, { get: { key: 'label' } })).toBe('new');
    const history = await client.getContractCodeHistory(address);
    expect(history.map(({ operation }) => operation)).toEqual(['Init', 'Migrate']);
    await client.updateAdmin(sender, address, other, FEE);
    await expect(client.migrate(sender, address, codeId, { label: 'x' }, FEE)).rejects.toThrow('can not migrate');
    await (await signingClient(chain, 2)).clearAdmin(other, address, FEE);
    expect((await client.getContract(address)).admin).toBeUndefined();
  });

  test('instantiating returns address and data', async () => {
    const result = await client.instantiate(sender, codeId, { label: 'x' }, 'labelled', FEE);
    const tx = await client.getTx(result.transactionHash);
    const response = MsgInstantiateContractResponse.decode(tx?.msgResponses[0]?.value ?? new Uint8Array(0));
    expect(response.address).toBe(result.contractAddress);
    expect(new TextDecoder().decode(response.data)).toBe('born');
  });
});

describe('storage', () => {
  test('writes, removals and ordered scans', async () => {
    for (const key of ['m1', 'm3', 'm2']) await run({ set: { key, value: `v-${key}` } });
    const scan = (descending: boolean, keys_only = false) =>
      query({ scan: { start: 'm', end: 'n', descending, keys_only, limit: 10 } });
    expect(await scan(false)).toEqual([
      ['m1', 'v-m1'],
      ['m2', 'v-m2'],
      ['m3', 'v-m3'],
    ]);
    expect(await scan(true, true)).toEqual(['m3', 'm2', 'm1']);
    await run({ remove: { key: 'm2' } });
    expect(await scan(false, true)).toEqual(['m1', 'm3']);
    expect(await query({ scan: { start: 'm3', end: 'm1', descending: false, keys_only: true, limit: 5 } })).toEqual([]);
    expect(await get('m2')).toBeNull();
    const raw = await client.queryContractRaw(contract, new TextEncoder().encode('m1'));
    expect(new TextDecoder().decode(raw ?? undefined)).toBe('v-m1');
  });
});

describe('failures', () => {
  test('an error fails the transaction with code 5 and undoes its writes', async () => {
    const message = await failure({ set_then_fail: { key: 'gone', value: 'x' } });
    expect(message).toContain('Code: 5');
    expect(message).toContain(
      'failed to execute message; message index: 0: kind: Other, error: refused on purpose: execute wasm contract failed',
    );
    expect(await get('gone')).toBeNull();
  });

  test('a panic and a trap are failed transactions with code 29, and the chain goes on', async () => {
    const panic = await failure({ panic: {} });
    expect(panic).toContain('Code: 29');
    expect(panic).toMatch(/RuntimeError: Aborted: panicked at .*probe panics on purpose.*: wasmvm error/s);
    expect(await failure({ trap: {} })).toContain('RuntimeError: unreachable: wasmvm error');
    expect((await run({ set: { key: 'after', value: 'panic' } })).transactionHash).toHaveLength(64);
  });

  test('endless recursion between contracts ends at the call depth', async () => {
    const gas = { amount: [{ denom: DENOM, amount: '2500000' }], gas: '100000000' };
    await expect(client.execute(sender, contract, { recurse: {} }, gas)).rejects.toThrow('max call depth exceeded');
  });

  test('store gas beyond the limit is code 11', async () => {
    const fee = { amount: [{ denom: DENOM, amount: '7500' }], gas: '300000' };
    const big = { set: { key: 'big', value: 'x'.repeat(20_000) } };
    await expect(client.execute(sender, contract, big, fee)).rejects.toThrow(
      /Code: 11.*out of gas in location: WritePerByte; gasWanted: 300000, gasUsed: \d+: out of gas/s,
    );
    expect(await get('big')).toBeNull();
  });

  test('a failing query names the contract error', async () => {
    await expect(query({ fail: {} })).rejects.toThrow(
      'kind: Other, error: query refused on purpose: query wasm contract failed',
    );
    await expect(client.queryContractSmart(sender, { env: {} })).rejects.toThrow('no such contract');
  });
});

describe('responses', () => {
  test('custom events carry the contract address first', async () => {
    const { events } = await run({ emit: { query_id: '7' } });
    expect(events.at(-1)).toEqual({
      type: 'wasm-quorate',
      attributes: [
        { key: '_contract_address', value: contract },
        { key: 'query_id', value: '7' },
        { key: 'sender', value: sender },
        { key: 'msg_index', value: '0' },
      ],
    });
  });

  test('data reaches the message response', async () => {
    const { transactionHash } = await run({ data: { data: base64('payload') } });
    const tx = await client.getTx(transactionHash);
    const response = MsgExecuteContractResponse.decode(tx?.msgResponses[0]?.value ?? new Uint8Array(0));
    expect(new TextDecoder().decode(response.data)).toBe('payload');
  });

  test('funds, payments and burning move coins', async () => {
    const [contractBefore, otherBefore] = [await balance(contract), await balance(other)];
    const paid = await run({ pay: { to: other, amount: [{ denom: DENOM, amount: '40' }] } }, [
      { denom: DENOM, amount: '100' },
    ]);
    expect(types(paid.events).slice(-8)).toEqual([
      'message',
      'coin_spent',
      'coin_received',
      'transfer',
      'execute',
      'coin_spent',
      'coin_received',
      'transfer',
    ]);
    expect((await balance(contract)) - contractBefore).toBe(60n);
    expect((await balance(other)) - otherBefore).toBe(40n);
    const burned = await run({ burn: { amount: [{ denom: DENOM, amount: '60' }] } });
    expect(types(burned.events).at(-1)).toBe('burn');
    expect(await balance(contract)).toBe(contractBefore);
    expect(await failure({ pay: { to: other, amount: [{ denom: DENOM, amount: '1' }] } })).toContain(
      `spendable balance 0${DENOM} is smaller than 1${DENOM}: insufficient funds`,
    );
  });

  test('the contract sees block, transaction and itself', async () => {
    const head = chain.head();
    const env = await query({ env: {} });
    expect(env.block).toEqual({
      height: head?.height,
      time: `${head?.timeMs}000000`,
      chain_id: 'devchain-test',
    });
    expect(env.contract.address).toBe(contract);
    expect(head?.timeMs).toBeGreaterThan(GENESIS_MS);
  });
});

describe('submessages', () => {
  const ok = json({ set: { key: 'sub', value: 'kept' } });
  const bad = json({ set_then_fail: { key: 'sub', value: 'lost' } });
  const sub = (msgs: string[], reply_on: string, options: { reply_fails?: boolean; reply_data?: string } = {}) => ({
    sub: {
      before: reply_on,
      msgs,
      reply_on,
      reply_fails: options.reply_fails ?? false,
      reply_data: options.reply_data,
    },
  });
  const clean = async () => {
    for (const key of ['sub', 'before', 'reply-0', 'reply-1']) await run({ remove: { key } });
  };

  test('success is replied to with events and responses, and the reply may replace the data', async () => {
    await clean();
    const { transactionHash, events } = await run(sub([ok], 'success', { reply_data: base64('from reply') }));
    expect(await get('reply-0')).toBe('ok:1:execute,wasm');
    expect(await get('sub')).toBe('kept');
    expect(types(events).slice(-6)).toEqual(['message', 'execute', 'execute', 'wasm', 'reply', 'wasm']);
    const tx = await client.getTx(transactionHash);
    const response = MsgExecuteContractResponse.decode(tx?.msgResponses[0]?.value ?? new Uint8Array(0));
    expect(new TextDecoder().decode(response.data)).toBe('from reply');
  });

  test('a failed one is rolled back alone when its error is replied to', async () => {
    await clean();
    await run(sub([bad, ok], 'always'));
    expect(await get('reply-0')).toBe('err:kind: Other, error: refused on purpose: execute wasm contract failed');
    expect(await get('reply-1')).toBe('ok:1:execute,wasm');
    expect([await get('before'), await get('sub')]).toEqual(['always', 'kept']);
    await clean();
    await run(sub([bad], 'error'));
    expect([await get('before'), await get('sub')]).toEqual(['error', null]);
  });

  test('without a reply for errors the whole transaction is undone', async () => {
    await clean();
    for (const replyOn of ['success', 'never']) {
      expect(await failure(sub([ok, bad], replyOn))).toContain('refused on purpose');
    }
    expect([await get('before'), await get('sub'), await get('reply-0')]).toEqual([null, null, null]);
  });

  test('a failing reply undoes its submessage too', async () => {
    await clean();
    expect(await failure(sub([ok], 'success', { reply_fails: true }))).toContain(
      'reply: kind: Other, error: reply refused on purpose: execute wasm contract failed',
    );
    expect([await get('before'), await get('sub')]).toEqual([null, null]);
  });

  test('a panic inside a submessage is redacted to its code', async () => {
    await clean();
    await run(sub([json({ panic: {} })], 'error'));
    expect(await get('reply-0')).toBe('err:codespace: wasm, code: 29');
  });

  test('contracts create and call contracts', async () => {
    const { events } = await run({ spawn: { code_id: codeId, label: 'child' } });
    const child = events
      .filter(({ type }) => type === 'instantiate')
      .at(-1)
      ?.attributes.find(({ key }) => key === '_contract_address')?.value;
    expect(await get('reply-1000')).toBe('ok:1:instantiate,wasm');
    await run({ call: { contract: child, msg: json({ set: { key: 'k', value: 'by parent' } }), funds: [] } });
    expect(await client.queryContractSmart(child ?? '', { get: { key: 'k' } })).toBe('by parent');
    expect(await client.queryContractSmart(child ?? '', { get: { key: 'owner' } })).toBe(contract);
  });
});

describe('host functions', () => {
  test('addresses', async () => {
    expect(await query({ address: { human: sender } })).toEqual([sender, 20]);
    expect(await query({ address: { human: contract } })).toEqual([contract, 32]);
    await expect(query({ address: { human: sender.toUpperCase() } })).rejects.toThrow('Address is not normalized');
    const foreign = 'cosmos1pkptre7fdkl6gfrzlesjjvhxhlc3r4gmmk8rs6';
    await expect(query({ address: { human: foreign } })).rejects.toThrow('invalid Bech32 prefix');
    await expect(query({ humanize: { canonical: '' } })).resolves.toBeTypeOf('string');
  });

  test('secp256k1 verification and recovery', async () => {
    const key = new Uint8Array(32).fill(5);
    const hash = createHash('sha256').update('message').digest();
    const recovered = secp256k1.sign(hash, key, { prehash: false, format: 'recovered' });
    const [signature, recovery] = [base64(recovered.slice(1)), recovered[0]];
    const public_key = base64(secp256k1.getPublicKey(key, true));
    const ask = (over: object) => query({ secp256k1: { hash: base64(hash), signature, public_key, ...over } });
    expect(await ask({})).toBe(true);
    expect(await ask({ hash: base64(createHash('sha256').update('x').digest()) })).toBe(false);
    await expect(ask({ hash: base64('short') })).rejects.toThrow('Invalid hash format');
    await expect(ask({ signature: base64('short') })).rejects.toThrow('Invalid signature format');
    await expect(ask({ public_key: base64('short') })).rejects.toThrow('Invalid public key format');
    expect(await query({ recover: { hash: base64(hash), signature, recovery } })).toBe(
      base64(secp256k1.getPublicKey(key, false)),
    );
    await expect(query({ recover: { hash: base64(hash), signature, recovery: 2 } })).rejects.toThrow('recovery');
  });

  test('ed25519, one and in batches', async () => {
    const pair = generateKeyPairSync('ed25519');
    const public_key = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
    const sign = (text: string) => nodeSign(null, Buffer.from(text), pair.privateKey).toString('base64');
    const ask = (text: string, signature: string) =>
      query({ ed25519: { message: base64(text), signature, public_key } });
    expect([await ask('a', sign('a')), await ask('b', sign('a'))]).toEqual([true, false]);
    const batch = (messages: string[], signatures: string[], keys: number) =>
      query({
        ed25519_batch: { messages: messages.map(base64), signatures, public_keys: Array(keys).fill(public_key) },
      });
    expect(await batch(['a', 'b'], [sign('a'), sign('b')], 2)).toBe(true);
    expect(await batch(['a', 'b'], [sign('a'), sign('b')], 1)).toBe(true);
    expect(await batch(['a'], [sign('a'), sign('a')], 2)).toBe(true);
    expect(await batch(['a', 'b'], [sign('a'), sign('a')], 1)).toBe(false);
    expect(await batch([], [], 0)).toBe(true);
    await expect(batch(['a', 'b', 'c'], [sign('a')], 2)).rejects.toThrow('Unknown error: 7');
  });

  test('queries to the chain', async () => {
    expect(await query({ balance: { address: other, denom: DENOM } })).toEqual({
      denom: DENOM,
      amount: (await balance(other)).toString(),
    });
    await run({ set: { key: 'seen', value: 'by a query' } });
    expect(await query({ smart: { contract, msg: json({ get: { key: 'seen' } }) } })).toBe('by a query');
    expect(await query({ raw: { contract, key: base64('seen') } })).toBe('by a query');
    expect(await query({ info: { contract } })).toMatchObject({ code_id: codeId, creator: sender, pinned: false });
    await expect(query({ smart: { contract: sender, msg: json({ env: {} }) } })).rejects.toThrow('No such contract');
    await expect(query({ smart: { contract, msg: json({ fail: {} }) } })).rejects.toThrow('query refused on purpose');
    expect(await query({ unsupported: {} })).toContain('Unknown');
  });

  test('what a contract prints reaches the composition', async () => {
    const lines: string[] = [];
    const own = await openChain({ debug: (line) => lines.push(line) });
    const ownClient = await signingClient(own, 1);
    const deployed = await deployProbe(ownClient, sender);
    await ownClient.execute(sender, deployed.contract, { debug: { text: 'hello' } }, FEE);
    expect(lines).toEqual(['hello']);
    await own.close();
  });
});
