import { Application, type GenesisBalance } from './app/application.ts';
import { parseMinGasPrice } from './app/gas-price.ts';
import { Chain } from './chain.ts';
import { validatorFromSeed } from './comet/validator.ts';
import type { RpcHandle } from './rpc/json-rpc.ts';
import { rpcHandle } from './rpc/methods.ts';
import { type RpcServer, type ServeOptions, serveRpc } from './rpc/server.ts';
import type { BlockFeed } from './rpc/socket.ts';
import { type Durability, openDatabase } from './state/database.ts';

export type { GenesisBalance } from './app/application.ts';
export type { Coin } from './app/coins.ts';
export { type Faucet, type FaucetOptions, openFaucet } from './faucet.ts';
export { inProcessClient } from './rpc/in-process.ts';
export type { JsonRpcRequest, JsonRpcResponse, RpcHandle } from './rpc/json-rpc.ts';
export type { RpcServer, ServeOptions } from './rpc/server.ts';
export type { BlockFeed } from './rpc/socket.ts';

/** What a development chain is made of. Everything that varies between runs comes from here: no clock, no randomness. */
export interface DevchainOptions {
  /** SQLite file, or ':memory:'. */
  readonly path: string;
  readonly chainId: string;
  readonly genesis: {
    /** Milliseconds since the epoch; block times are never earlier. */
    readonly timeMs: number;
    readonly balances: readonly GenesisBalance[];
    /** 32 bytes; the validator's Ed25519 seed. The same seed must be given at every opening. */
    readonly validatorSeed: Uint8Array;
  };
  /** Denomination of the minimum gas price. */
  readonly denom: string;
  /** Least fee per unit of gas, a decimal such as "0.025"; asked for at broadcast, as a real node's. */
  readonly minGasPrice: string;
  /** 'wasm' by default. */
  readonly bech32Prefix?: string;
  /** Takes transactions without a sequence, as few public chains do (x/auth WithUnorderedTransactions); off by default. */
  readonly unordered?: boolean;
  /** 'process' by default: see state/database.ts. */
  readonly durability?: Durability;
  /** Receives what contracts print; nothing by default. */
  readonly debug?: (message: string) => void;
}

/** A committed block, in short. Hashes are upper-case hex, as CometBFT prints them. */
export interface BlockSummary {
  readonly height: number;
  readonly timeMs: number;
  readonly hash: string;
  /** Of this block's transactions: how many, and how many of them failed. */
  readonly txCount: number;
  readonly failedTxCount: number;
}

/** A running development chain. */
export interface Devchain {
  readonly chainId: string;
  readonly rpc: { readonly handle: RpcHandle };
  /** Makes one block of what is pending; time moves at least one millisecond. Throws InvariantError if it cannot be stored. */
  produceBlock(timeMs: number): BlockSummary;
  /** The latest block, or undefined before the first. */
  head(): { readonly height: number; readonly timeMs: number; readonly hash: string } | undefined;
  /** Transactions waiting for a block. They live in memory only: a restart forgets them, as CometBFT's does. */
  pendingCount(): number;
  /** Asks for this least gas price from now on, as a node's operator does after a spike; a decimal such as "0.1". */
  setMinGasPrice(price: string): void;
  /** Calls `listener`, which must not throw, after every block; returns how to stop. */
  onBlock(listener: (block: BlockSummary) => void): () => void;
  /** Puts `handle` (by default this chain's) on HTTP and websocket; `feedOf` stands between the blocks and their subscribers. */
  serve(
    options: ServeOptions & { readonly handle?: RpcHandle; readonly feedOf?: (blocks: BlockFeed) => BlockFeed },
  ): Promise<RpcServer>;
  /** Stops every server and closes the file. */
  close(): Promise<void>;
}

/**
 * Opens a chain, begun by its genesis if the file is new and continued at the next height otherwise. Throws BadInputError
 * for another chain id, another validator, a file of another schema, or a malformed genesis.
 */
export function openDevchain(options: DevchainOptions): Devchain {
  const app = new Application({
    bech32Prefix: options.bech32Prefix ?? 'wasm',
    minGasPrice: parseMinGasPrice(options.minGasPrice, options.denom),
    unordered: options.unordered ?? false,
    debug: options.debug ?? (() => undefined),
  });
  const validator = validatorFromSeed(options.genesis.validatorSeed);
  const { chainId } = options;
  const { timeMs, balances } = options.genesis;
  const database = openDatabase(options.path, options.durability);
  let chain: Chain;
  try {
    chain = new Chain({ database, app, validator, genesis: { chainId, timeMs, balances } });
  } catch (error) {
    database.close();
    throw error;
  }
  const handle = rpcHandle(chain);
  const servers = new Set<RpcServer>();
  return {
    chainId,
    rpc: { handle },
    produceBlock: (blockTimeMs) => summary(chain.produceBlock(blockTimeMs)),
    head: () =>
      chain.head && { height: chain.head.height, timeMs: chain.head.timeMs, hash: hex(chain.head.blockId.hash) },
    pendingCount: () => chain.mempool.size,
    setMinGasPrice: (price) => app.setMinGasPrice(parseMinGasPrice(price, options.denom)),
    onBlock: (listener) => chain.onBlock((committed) => listener(summary(committed))),
    serve: async ({ handle: served = handle, feedOf = (blocks) => blocks, ...where }) => {
      const feed = feedOf((listener) => chain.onBlock(listener));
      const server = await serveRpc(served, feed, where);
      servers.add(server);
      return server;
    },
    close: async () => {
      await Promise.all([...servers].map((server) => server.close()));
      servers.clear();
      database.close();
    },
  };
}

function summary({ block, txs }: ReturnType<Chain['produceBlock']>): BlockSummary {
  return {
    height: block.height,
    timeMs: block.timeMs,
    hash: hex(block.blockId.hash),
    txCount: txs.length,
    failedTxCount: txs.filter(({ result }) => result.code !== 0).length,
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').toUpperCase();
}
