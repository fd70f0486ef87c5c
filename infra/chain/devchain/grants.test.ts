import type { SigningCosmWasmClient } from '@cosmjs/cosmwasm';
import { encodePubkey, makeAuthInfoBytes, makeSignDoc, Registry } from '@cosmjs/proto-signing';
import { defaultRegistryTypes } from '@cosmjs/stargate';
import { GenericAuthorization } from 'cosmjs-types/cosmos/authz/v1beta1/authz';
import { MsgExecResponse } from 'cosmjs-types/cosmos/authz/v1beta1/tx';
import { BasicAllowance } from 'cosmjs-types/cosmos/feegrant/v1beta1/feegrant';
import { TxBody, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { MsgExecuteContract, MsgExecuteContractResponse } from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { timestampFromMs } from './comet/header.ts';
import type { Devchain } from './index.ts';
import { addressOf, DENOM, deployProbe, GENESIS_MS, openChain, signingClient, wallet } from './testdata/harness.ts';

/** x/authz, x/feegrant and unordered transactions, through CosmJS; error texts are those of cosmos-sdk v0.53.6. */

let chain: Devchain;
let granter: string;
let grantee: string;
let granterClient: SigningCosmWasmClient;
let granteeClient: SigningCosmWasmClient;
let contract: string;

beforeAll(async () => {
  chain = await openChain({ unordered: true });
  [granter, grantee] = [await addressOf(1), await addressOf(2)];
  [granterClient, granteeClient] = [await signingClient(chain, 1), await signingClient(chain, 2)];
  ({ contract } = await deployProbe(granterClient, granter));
});

afterAll(() => chain.close());

const FEE = { amount: [{ denom: DENOM, amount: '25000' }], gas: '1000000' };
const nowMs = (): number => chain.head()?.timeMs ?? GENESIS_MS;

const execution = (sender: string, msg: object) => ({
  typeUrl: MsgExecuteContract.typeUrl,
  value: MsgExecuteContract.encode({
    sender,
    contract,
    msg: new TextEncoder().encode(JSON.stringify(msg)),
    funds: [],
  }).finish(),
});

const exec = (...msgs: { typeUrl: string; value: Uint8Array }[]) =>
  granteeClient.signAndBroadcast(
    grantee,
    [{ typeUrl: '/cosmos.authz.v1beta1.MsgExec', value: { grantee, msgs } }],
    FEE,
  );

const grant = (expirationMs?: number, msg: string = MsgExecuteContract.typeUrl) =>
  granterClient.signAndBroadcast(
    granter,
    [
      {
        typeUrl: '/cosmos.authz.v1beta1.MsgGrant',
        value: {
          granter,
          grantee,
          grant: {
            authorization: {
              typeUrl: GenericAuthorization.typeUrl,
              value: GenericAuthorization.encode({ msg }).finish(),
            },
            ...(expirationMs !== undefined && { expiration: timestampFromMs(expirationMs) }),
          },
        },
      },
    ],
    FEE,
  );

describe('authz', () => {
  test('without a grant nobody acts for another', async () => {
    const { code, rawLog } = await exec(execution(granter, { set: { key: 'a', value: '1' } }));
    expect(code).toBe(2);
    expect(rawLog).toContain(
      `message index: 0: failed to get grant with given granter: ${granter}, grantee: ${grantee} & msgType: /cosmwasm.wasm.v1.MsgExecuteContract : authorization not found`,
    );
  });

  test('with a grant several messages of two signers run as one, each with its index and its own answer', async () => {
    const granted = await grant();
    expect(granted.events.find(({ type }) => type === 'cosmos.authz.v1beta1.EventGrant')?.attributes).toEqual([
      { key: 'grantee', value: `"${grantee}"` },
      { key: 'granter', value: `"${granter}"` },
      { key: 'msg_type_url', value: '"/cosmwasm.wasm.v1.MsgExecuteContract"' },
      { key: 'msg_index', value: '0' },
    ]);
    const { code, events, msgResponses } = await exec(
      execution(granter, { emit: { query_id: '1' } }),
      execution(grantee, { emit: { query_id: '2' } }),
      execution(granter, { data: { data: Buffer.from('payload').toString('base64') } }),
    );
    expect(code).toBe(0);
    const own = events.filter(({ type }) => type === 'wasm-quorate').map(({ attributes }) => attributes);
    expect(own).toEqual(
      [granter, grantee].map((sender, index) => [
        { key: '_contract_address', value: contract },
        { key: 'query_id', value: String(index + 1) },
        { key: 'sender', value: sender },
        { key: 'authz_msg_index', value: String(index) },
        { key: 'msg_index', value: '0' },
      ]),
    );
    const { results } = MsgExecResponse.decode(msgResponses[0]?.value ?? new Uint8Array());
    const data = MsgExecuteContractResponse.decode(results[2] ?? new Uint8Array()).data;
    expect(Buffer.from(data).toString()).toBe('payload');
  });

  test('one failing message undoes the others; the error names the message by its text', async () => {
    const { code, rawLog } = await exec(
      execution(granter, { set: { key: 'b', value: '1' } }),
      execution(granter, { set_then_fail: { key: 'c', value: '1' } }),
    );
    expect(code).toBe(5);
    expect(rawLog).toContain(
      `failed to execute message; message sender:"${granter}" contract:"${contract}" msg:"{\\"set_then_fail\\":{\\"key\\":\\"c\\",\\"value\\":\\"1\\"}}" : `,
    );
    expect(await granterClient.queryContractSmart(contract, { get: { key: 'b' } })).toBeNull();
  });

  test('a grant ends at its time, or when it is revoked; a past time and unknown messages are refused', async () => {
    expect((await grant(nowMs())).code).toBe(3);
    expect((await grant(undefined, '/no.such.Msg')).rawLog).toContain("/no.such.Msg doesn't exist.: invalid type");
    expect((await grant(nowMs() + 1_500)).code).toBe(0);
    chain.produceBlock(nowMs() + 2_000);
    expect((await exec(execution(granter, { set: { key: 'd', value: '1' } }))).code).toBe(6);
    const value = { granter, grantee, msgTypeUrl: MsgExecuteContract.typeUrl };
    const revoke = () =>
      granterClient.signAndBroadcast(granter, [{ typeUrl: '/cosmos.authz.v1beta1.MsgRevoke', value }], FEE);
    expect((await revoke()).code).toBe(0);
    expect((await revoke()).code).toBe(2);
  });
});

describe('fee grants', () => {
  const send = () => ({
    typeUrl: '/cosmos.bank.v1beta1.MsgSend',
    value: { fromAddress: grantee, toAddress: granter, amount: [{ denom: DENOM, amount: '1' }] },
  });
  const balance = async (address: string) => BigInt((await granterClient.getBalance(address, DENOM)).amount);
  const sendAtCostOfGranter = () => granteeClient.signAndBroadcast(grantee, [send()], { ...FEE, granter });
  const allow = (limit: string) =>
    granterClient.signAndBroadcast(
      granter,
      [
        {
          typeUrl: '/cosmos.feegrant.v1beta1.MsgGrantAllowance',
          value: {
            granter,
            grantee,
            allowance: {
              typeUrl: BasicAllowance.typeUrl,
              value: BasicAllowance.encode({ spendLimit: [{ denom: DENOM, amount: limit }] }).finish(),
            },
          },
        },
      ],
      FEE,
    );

  test('the granter pays up to the limit, nobody without one', async () => {
    await expect(sendAtCostOfGranter()).rejects.toThrow(/does not allow to pay fees for .*fee-grant not found/);
    await allow('30000');
    expect((await allow('1')).rawLog).toContain('fee allowance already exists');
    const [granterBefore, granteeBefore] = [await balance(granter), await balance(grantee)];
    expect((await sendAtCostOfGranter()).code).toBe(0);
    expect(await balance(granter)).toBe(granterBefore - 25_000n + 1n);
    expect(await balance(grantee)).toBe(granteeBefore - 1n);
    await expect(sendAtCostOfGranter()).rejects.toThrow(/fee limit exceeded/);
  });
});

describe('unordered transactions', () => {
  const sign = async (timeoutMs: number, sequence = 0, amount = '1') => {
    const [account] = await (await wallet(1)).getAccounts();
    const known = await granterClient.getAccount(granter);
    const registry = new Registry(defaultRegistryTypes);
    const message = registry.encodeAsAny({
      typeUrl: '/cosmos.bank.v1beta1.MsgSend',
      value: { fromAddress: granter, toAddress: grantee, amount: [{ denom: DENOM, amount }] },
    });
    const bodyBytes = TxBody.encode(
      TxBody.fromPartial({ messages: [message], unordered: true, timeoutTimestamp: timestampFromMs(timeoutMs) }),
    ).finish();
    const pubkey = encodePubkey({
      type: 'tendermint/PubKeySecp256k1',
      value: Buffer.from(account?.pubkey ?? []).toString('base64'),
    });
    const authInfo = makeAuthInfoBytes([{ pubkey, sequence }], FEE.amount, 1_000_000, undefined, undefined);
    const doc = makeSignDoc(bodyBytes, authInfo, chain.chainId, known?.accountNumber ?? 0);
    const { signed, signature } = await (await wallet(1)).signDirect(granter, doc);
    return TxRaw.encode({
      bodyBytes: signed.bodyBytes,
      authInfoBytes: signed.authInfoBytes,
      signatures: [Buffer.from(signature.signature, 'base64')],
    }).finish();
  };
  const send = async (timeoutMs: number, sequence?: number, amount?: string) =>
    await granterClient.broadcastTx(await sign(timeoutMs, sequence, amount), 10_000, 1);

  test('go in whatever the order, each time-out once, and leave the sequence alone', async () => {
    const { sequence } = await granterClient.getSequence(granter);
    const base = nowMs() + 60_000;
    expect((await send(base + 2)).code).toBe(0);
    expect((await send(base + 1)).code).toBe(0);
    await expect(send(base + 1, 0, '2')).rejects.toThrow(/has already used timeout/);
    expect((await granterClient.getSequence(granter)).sequence).toBe(sequence);
  });

  test('need a time-out of at most ten minutes and no sequence', async () => {
    await expect(send(nowMs() + 700_000)).rejects.toThrow(/unordered tx ttl exceeds 10m0s/);
    await expect(send(0)).rejects.toThrow(/must have timeout_timestamp set/);
    await expect(send(nowMs() + 60_000, 5)).rejects.toThrow(/sequence is not allowed/);
  });

  test('are refused with code 37 where the chain has them off', async () => {
    const stock = await openChain();
    const client = await signingClient(stock, 1);
    await expect(client.broadcastTx(await sign(GENESIS_MS + 60_000))).rejects.toThrow(/code 37|not enabled/);
    await stock.close();
  });
});
