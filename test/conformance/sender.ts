import { setTimeout as sleep } from 'node:timers/promises';
import { encodeSecp256k1Pubkey } from '@cosmjs/amino';
import { setupWasmExtension, wasmTypes } from '@cosmjs/cosmwasm';
import {
  type EncodeObject,
  encodePubkey,
  makeAuthInfoBytes,
  makeSignBytes,
  makeSignDoc,
  Registry,
} from '@cosmjs/proto-signing';
import { accountFromAny, defaultRegistryTypes, QueryClient, setupAuthExtension } from '@cosmjs/stargate';
import { Comet38Client, type comet38, HttpClient } from '@cosmjs/tendermint-rpc';
import { AuthInfo, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { timestampFromMs } from '../../infra/chain/devchain/comet/header.ts';
import type { NodeSigner } from '../../shared/ports/signer.ts';
import { toHex, utf8 } from '../../shared/protocol/encoding.ts';
import { sha256 } from '../../shared/protocol/sha2.ts';
import type { ChainUnderTest } from './chain-under-test.ts';

export const registry = new Registry([...defaultRegistryTypes, ...wasmTypes]);
const POLL_MS = 10;
const PATIENCE_BLOCKS = 20;

export interface TxOptions {
  readonly gas?: number;
  /** Unes; by default gas at the least price. */
  readonly fee?: string;
  readonly sequence?: number;
  readonly timeoutHeight?: number;
  readonly memo?: string;
  /** The chain that the signature is for. */
  readonly chainId?: string;
  /** Who pays the fee by a grant. */
  readonly granter?: string;
  readonly unorderedUntilMs?: number;
  /** The chain has the key: is it needed? */
  readonly withoutKey?: true;
}

/** Enough for the contract's code: about 13 gas a byte. */
export const UPLOAD: TxOptions = { gas: 15_000_000 };

export interface Delivered extends comet38.TxResponse {
  /** Upper-case hex. */
  readonly id: string;
}

/** The chain's RPC, and waiting on it. Polls are not time limits: what never comes ends in vitest's own time-out. */
export class Node {
  readonly comet: Comet38Client;
  readonly chain: ChainUnderTest;

  constructor(chain: ChainUnderTest) {
    this.chain = chain;
    this.comet = Comet38Client.create(new HttpClient(chain.rpcUrl));
  }

  async height(): Promise<number> {
    return (await this.comet.status()).syncInfo.latestBlockHeight;
  }

  /** Resolves with the first height seen that is at least this one. */
  async reach(height: number): Promise<number> {
    for (;;) {
      const now = await this.height();
      if (now >= height) return now;
      await sleep(POLL_MS);
    }
  }

  async nextBlock(): Promise<number> {
    return await this.reach((await this.height()) + 1);
  }

  /** A contract's answer to a query. @throws {Error} with what the contract or the chain says against it */
  async smart(contract: string, query: object): Promise<unknown> {
    const client = QueryClient.withExtensions(this.comet, setupWasmExtension);
    return await client.wasm.queryContractSmart(contract, { ...query });
  }

  /** @throws {Error} when it is in none of the next blocks */
  async included(hash: string): Promise<Delivered> {
    const last = (await this.height()) + PATIENCE_BLOCKS;
    for (;;) {
      const { txs } = await this.comet.txSearch({ query: `tx.hash='${hash}'` });
      if (txs[0]) return { ...txs[0], id: hash };
      if ((await this.height()) > last) throw new Error(`${hash} is in no block up to ${last}`);
      await sleep(POLL_MS);
    }
  }
}

/** One account that signs what a test wants signed, right or wrong. */
export class Sender extends Node {
  readonly signer: NodeSigner;

  constructor(chain: ChainUnderTest, name: string) {
    super(chain);
    this.signer = chain.signer(name);
  }

  get address(): string {
    return this.signer.address;
  }

  async account(): Promise<{ accountNumber: number; sequence: number }> {
    const any = await QueryClient.withExtensions(this.comet, setupAuthExtension).auth.account(this.address);
    if (!any) throw new Error(`account ${this.address} is not there`);
    return accountFromAny(any);
  }

  async sign(messages: readonly EncodeObject[], options: TxOptions = {}): Promise<Uint8Array> {
    const { gas = 1_000_000, fee = String(Math.ceil(gas * Number(this.chain.minGasPrice))) } = options;
    const account = await this.account();
    const bodyBytes = registry.encodeTxBody({
      messages: [...messages],
      memo: options.memo ?? '',
      timeoutHeight: BigInt(options.timeoutHeight ?? 0),
      ...(options.unorderedUntilMs !== undefined && {
        unordered: true,
        timeoutTimestamp: timestampFromMs(options.unorderedUntilMs),
      }),
    });
    const pubkey = encodePubkey(encodeSecp256k1Pubkey(this.signer.publicKey));
    const sequence = options.sequence ?? account.sequence;
    const coins = fee === '0' ? [] : [{ denom: this.chain.denom, amount: fee }];
    const withKey = makeAuthInfoBytes([{ pubkey, sequence }], coins, gas, options.granter, undefined);
    const authInfoBytes = options.withoutKey ? withoutKeys(withKey) : withKey;
    const doc = makeSignDoc(bodyBytes, authInfoBytes, options.chainId ?? this.chain.chainId, account.accountNumber);
    const signature = await this.signer.signDigest(sha256(makeSignBytes(doc)));
    return TxRaw.encode({ bodyBytes, authInfoBytes, signatures: [signature] }).finish();
  }

  async broadcast(bytes: Uint8Array) {
    const { code, codespace = '', log = '' } = await this.comet.broadcastTxSync({ tx: bytes });
    return { code, codespace, log, hash: toHex(sha256(bytes)).toUpperCase() };
  }

  /** Signs, sends and waits for the block. Throws when CheckTx refuses. */
  async deliver(messages: readonly EncodeObject[], options: TxOptions = {}): Promise<Delivered> {
    const { code, log, hash } = await this.broadcast(await this.sign(messages, options));
    if (code !== 0) throw new Error(`refused with ${code}: ${log}`);
    return await this.included(hash);
  }

  send(to: string, amount: string): EncodeObject {
    const coins = [{ denom: this.chain.denom, amount }];
    return {
      typeUrl: '/cosmos.bank.v1beta1.MsgSend',
      value: { fromAddress: this.address, toAddress: to, amount: coins },
    };
  }

  upload(wasm: Uint8Array): EncodeObject {
    return { typeUrl: '/cosmwasm.wasm.v1.MsgStoreCode', value: { sender: this.address, wasmByteCode: wasm } };
  }

  instantiate(codeId: number, msg: object, label: string, admin = ''): EncodeObject {
    const value = { sender: this.address, admin, codeId: BigInt(codeId), label, msg: json(msg), funds: [] };
    return { typeUrl: '/cosmwasm.wasm.v1.MsgInstantiateContract', value };
  }

  execute(contract: string, msg: object, unes = '0'): EncodeObject {
    const funds = unes === '0' ? [] : [{ denom: this.chain.denom, amount: unes }];
    return {
      typeUrl: '/cosmwasm.wasm.v1.MsgExecuteContract',
      value: { sender: this.address, contract, msg: json(msg), funds },
    };
  }

  migrate(contract: string, codeId: number, msg: object): EncodeObject {
    const value = { sender: this.address, contract, codeId: BigInt(codeId), msg: json(msg) };
    return { typeUrl: '/cosmwasm.wasm.v1.MsgMigrateContract', value };
  }

  updateAdmin(contract: string, newAdmin: string): EncodeObject {
    return { typeUrl: '/cosmwasm.wasm.v1.MsgUpdateAdmin', value: { sender: this.address, contract, newAdmin } };
  }

  clearAdmin(contract: string): EncodeObject {
    return { typeUrl: '/cosmwasm.wasm.v1.MsgClearAdmin', value: { sender: this.address, contract } };
  }
}

const withoutKeys = (authInfoBytes: Uint8Array): Uint8Array => {
  const info = AuthInfo.decode(authInfoBytes);
  for (const signer of info.signerInfos) delete signer.publicKey;
  return AuthInfo.encode(info).finish();
};

const json = (value: object): Uint8Array => utf8(JSON.stringify(value));

/** Unes that its fee payer paid, whatever came of it. */
export const feeOf = (tx: comet38.TxResponse): bigint => BigInt(Number.parseInt(attribute(tx, 'tx', 'fee'), 10));

/** Value of the first attribute with this key of the first such event. */
export const attribute = (tx: comet38.TxResponse, type: string, key: string): string => {
  for (const event of tx.result.events) {
    if (event.type !== type) continue;
    const found = event.attributes.find((a) => a.key === key);
    if (found) return found.value;
  }
  throw new Error(`no ${type}.${key} in ${JSON.stringify(tx.result.log)}`);
};
