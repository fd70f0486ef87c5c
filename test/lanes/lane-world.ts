import { copyFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SigningCosmWasmClient } from '@cosmjs/cosmwasm';
import type { EncodeObject } from '@cosmjs/proto-signing';
import { Comet38Client } from '@cosmjs/tendermint-rpc';
import { type Devchain, inProcessClient, openDevchain, type RpcHandle } from '../../infra/chain/devchain/index.ts';
import { DEVNET, LANE_TERMS } from '../../infra/local/settings.ts';
import { openDatabase } from '../../shared/adapters/local/sqlite.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { connectChain } from '../../shared/chain/comet-chain.ts';
import type { LaneAccount, LaneDeps, LaneTerms } from '../../shared/chain/lanes/deps.ts';
import { driveIntent } from '../../shared/chain/lanes/drive.ts';
import { hasEnded, LaneRow, laneKey, planIntent, type TxIntent, TxRow, txKey } from '../../shared/chain/lanes/rows.ts';
import { offlineSigner } from '../../shared/chain/offline-signer.ts';
import { signCalls } from '../../shared/chain/sign.ts';
import { QuorateError } from '../../shared/errors.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import type { Clock, Random } from '../../shared/ports/clock.ts';
import { utf8 } from '../../shared/protocol/encoding.ts';
import { sha256 } from '../../shared/protocol/sha2.ts';
import { PROBE } from '../conformance/probe-script.ts';
import { seededRandom } from '../contracts/fakes.ts';
import { Gate } from '../simulation/crash.ts';
import { GENESIS_MS, mined, testSigner } from '../test-chain.ts';
import { type Delivered, deliveredIn, effectsOf } from './effects.ts';

/** Accounts of a lane world, all funded. `stranger` has the same contract and nothing to do with the lanes. */
export const SIGNERS = new Map(
  ['alice', 'bob', 'lane-1', 'lane-2', 'stranger'].map((name) => [name, testSigner(name)] as const),
);
export const signerOf = (name: string) => {
  const signer = SIGNERS.get(name);
  if (!signer) throw new RangeError(`no account ${name}`);
  return signer;
};
export const addressOf = (name: string): string => signerOf(name).address;

export interface LaneWorldOptions {
  readonly minGasPrice?: string;
  readonly unordered?: boolean;
  /** Stands between the lanes and the node. */
  readonly rpcOf?: (handle: RpcHandle) => RpcHandle;
}

export interface ProcessOptions {
  readonly terms?: Partial<LaneTerms>;
  readonly lanes?: ReadonlyMap<string, readonly LaneAccount[]>;
  readonly chainOf?: (chain: Chain) => Chain;
  readonly random?: Random;
  readonly gate?: Gate;
}

const openChain = (path: string, { minGasPrice = '0.025', unordered = false }: LaneWorldOptions): Devchain =>
  openDevchain({
    path,
    chainId: DEVNET.chainId,
    genesis: {
      timeMs: GENESIS_MS,
      balances: [...SIGNERS.values()].map(({ address }) => ({
        address,
        coins: [{ denom: DEVNET.denom, amount: String(DEVNET.genesisUnes) }],
      })),
      validatorSeed: sha256(utf8('validator')),
    },
    denom: DEVNET.denom,
    minGasPrice,
    bech32Prefix: DEVNET.bech32Prefix,
    unordered,
  });

const fee = { amount: [{ denom: DEVNET.denom, amount: '250000' }], gas: '10000000' };

let template: Promise<{ file: string; contract: string }> | undefined;

/** A chain file with the probe contract on it, made once per test file. */
const makeTemplate = async (): Promise<{ file: string; contract: string }> => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-lanes-'));
  const devchain = openChain(join(folder, 'building.sqlite'), {});
  const block = () => devchain.produceBlock((devchain.head()?.timeMs ?? GENESIS_MS) + 500);
  block();
  const comet = Comet38Client.create(inProcessClient(devchain.rpc.handle));
  const owner = signerOf('stranger');
  const client = SigningCosmWasmClient.createWithSigner(comet, offlineSigner(owner), { broadcastPollIntervalMs: 1 });
  const deploy = async (): Promise<string> => {
    const { codeId } = await client.upload(owner.address, PROBE, fee);
    return (await client.instantiate(owner.address, codeId, { label: 'probe' }, 'probe', fee)).contractAddress;
  };
  const contract = await mined(devchain, block, deploy());
  await devchain.close();
  const file = join(folder, 'chain.sqlite');
  copyFileSync(join(folder, 'building.sqlite'), file);
  return { file, contract };
};

/** One chain with a contract, one store, and a clock in which every sleep ends with a block. */
export class LaneWorld {
  readonly devchain: Devchain;
  readonly contract: string;
  readonly database = openDatabase(':memory:');
  readonly store = openSqliteStore(this.database);
  readonly startHeight: number;
  nowMs: number;
  readonly clock: Clock = {
    nowMs: () => this.nowMs,
    // All who sleep at once wake in the same next block, when nobody has anything else to do.
    sleep: (ms) => {
      this.#nextBlock ??= new Promise((resolve) => {
        setImmediate(() => {
          this.#nextBlock = undefined;
          this.nowMs += ms;
          this.block();
          resolve();
        });
      });
      return this.#nextBlock;
    },
  };
  readonly #options: LaneWorldOptions;
  #planned = 0;
  #nextBlock: Promise<void> | undefined;

  private constructor(devchain: Devchain, contract: string, options: LaneWorldOptions) {
    this.devchain = devchain;
    this.contract = contract;
    this.#options = options;
    this.nowMs = devchain.head()?.timeMs ?? GENESIS_MS;
    this.startHeight = (devchain.head()?.height ?? 0) + 1;
  }

  static async open(options: LaneWorldOptions = {}): Promise<LaneWorld> {
    template ??= makeTemplate();
    const { file, contract } = await template;
    const path = join(mkdtempSync(join(tmpdir(), 'quorate-lanes-')), 'chain.sqlite');
    copyFileSync(file, path);
    return new LaneWorld(openChain(path, options), contract, options);
  }

  async close(): Promise<void> {
    await this.devchain.close();
    this.database.close();
  }

  get height(): number {
    return this.devchain.head()?.height ?? 0;
  }

  block(): void {
    this.nowMs += DEVNET.blockMs;
    this.devchain.produceBlock(this.nowMs);
  }

  /** A connection; honest unless told otherwise. */
  connect(handle: RpcHandle = this.devchain.rpc.handle): Promise<Chain> {
    const rpc = inProcessClient(handle);
    return connectChain({ rpc, chainId: DEVNET.chainId, contract: this.contract, denom: DEVNET.denom });
  }

  /** What one process drives lanes with. */
  async process({ terms, lanes, chainOf, random, gate = new Gate() }: ProcessOptions = {}): Promise<LaneDeps> {
    const chain = await this.connect(this.#options.rpcOf?.(this.devchain.rpc.handle));
    const signers = [...SIGNERS.values()].map((signer) => [signer.address, gate.wrap('signer', signer)] as const);
    return {
      store: gate.wrap('store', openSqliteStore(this.database)),
      chain: gate.wrap('chain', chainOf?.(chain) ?? chain),
      clock: this.clock,
      random: random ?? seededRandom(1),
      signers: new Map(signers),
      ...(lanes && { lanes }),
      terms: { ...LANE_TERMS, leaseMs: 5_000, pollMs: 0, maxPolls: 60, maxUnordered: 0, ...terms },
    };
  }

  /** Plans a message of this account. @returns its id */
  async plan(name: string, msg?: TxIntent['msg'], blocks = 100, opens?: TxIntent['opens']): Promise<string> {
    const txId = `${name}/${this.#planned++}`;
    const intent: TxIntent = {
      txId,
      signer: addressOf(name),
      msg: msg ?? { set: { key: txId, value: 'v' } },
      fundsUnes: '0',
      deadlineHeight: this.height + blocks,
      ...(opens && { opens }),
    };
    await this.store.transact(planIntent(intent, this.nowMs));
    return txId;
  }

  async row(txId: string): Promise<TxRow> {
    return TxRow.parse((await this.store.get(txKey(txId)))?.body);
  }

  async lane(name: string): Promise<LaneRow> {
    return LaneRow.parse((await this.store.get(laneKey(DEVNET.chainId, addressOf(name))))?.body);
  }

  /** Calls again after whatever may come again, as a queue does. */
  async drive(deps: LaneDeps, ...txIds: readonly string[]): Promise<TxRow[]> {
    for (const txId of txIds) {
      for (let calls = 0; !hasEnded(await this.row(txId)); calls++) {
        if (calls > 60) throw new Error(`${txId} has not ended: ${JSON.stringify(await this.row(txId))}`);
        await driveIntent(deps, txId).catch(onlyTransient);
        if (calls > 0) this.block();
      }
    }
    return await Promise.all(txIds.map((txId) => this.row(txId)));
  }

  /** Another process with this account's key, which knows nothing of lanes, sends a message. */
  async foreign(name: string, msg: TxIntent['msg']): Promise<number> {
    const chain = await this.connect();
    const account = await chain.account(addressOf(name));
    if (!account) throw new Error(`${name} has no account`);
    const { chainId, contract } = chain;
    const { denom, feeUnes, gasLimit } = DEVNET;
    const terms = { chainId, contract, denom, feeUnes, gasLimit, timeoutHeight: this.height + 1_000 };
    const { bytes } = await signCalls(signerOf(name), account, [{ msg, fundsUnes: '0' }], terms);
    return (await chain.broadcast(bytes)).code;
  }

  /** Signs and includes any messages, such as grants. */
  async send(name: string, messages: readonly EncodeObject[]): Promise<void> {
    const comet = Comet38Client.create(inProcessClient(this.devchain.rpc.handle));
    const options = { broadcastPollIntervalMs: 1 };
    const client = SigningCosmWasmClient.createWithSigner(comet, offlineSigner(signerOf(name)), options);
    const done = client.signAndBroadcast(addressOf(name), messages, fee);
    const { code, rawLog } = await mined(this.devchain, () => this.block(), done);
    if (code !== 0) throw new Error(rawLog);
  }

  /** How often each key was set by a transaction that succeeded: what happened, from the blocks alone. */
  async effects(): Promise<Record<string, number>> {
    return effectsOf(await this.transactions());
  }

  transactions(): Promise<Delivered[]> {
    const comet = Comet38Client.create(inProcessClient(this.devchain.rpc.handle));
    return deliveredIn(comet, this.startHeight, this.height);
  }
}

export const onlyTransient = (error: unknown): undefined => {
  if (error instanceof QuorateError && error.family === 'transient') return undefined;
  throw error;
};
