import type { DatabaseSync } from 'node:sqlite';
import { BadInputError, InvariantError } from '../../../shared/errors.ts';
import type { Application, GenesisBalance } from './app/application.ts';
import { type BlockInfo, Context } from './app/context.ts';
import { sdkErrors } from './app/errors.ts';
import { GasMeter } from './app/gas.ts';
import type { TxResult } from './comet/abci.ts';
import { BLOCK_MAX_BYTES, makeBlock, NO_BLOCK_ID, NO_COMMIT } from './comet/block.ts';
import { nextAppHash, resultsHash } from './comet/hashes.ts';
import { Mempool } from './comet/mempool.ts';
import { merkleRoot, sha256 } from './comet/merkle.ts';
import { signCommit, type Validator } from './comet/validator.ts';
import { BlockStore, type StoredBlock, type StoredTx } from './state/block-store.ts';
import { CacheStore } from './state/cache-store.ts';
import { inTransaction } from './state/database.ts';
import { KEPT_HEIGHTS, StateReader, StateWriter } from './state/state-table.ts';
import { type SearchCondition, searchTxs } from './state/tx-search.ts';

/** A block that has just been committed, with its transactions in order. */
export interface CommittedBlock {
  readonly block: StoredBlock;
  readonly txs: readonly StoredTx[];
}

/** What the chain begins with; stored at the first opening and compared at every later one. */
export interface ChainGenesis {
  readonly chainId: string;
  readonly timeMs: number;
  readonly balances: readonly GenesisBalance[];
}

/** Consensus without the others: one validator, blocks on demand, everything of a block in one SQLite transaction. */
export class Chain {
  /** The genesis the chain was begun with, which may be older than what this opening was given. */
  readonly genesis: ChainGenesis;
  readonly app: Application;
  readonly blocks: BlockStore;
  readonly validator: Validator;
  readonly mempool = new Mempool();
  /** App hash after the genesis, which the first header carries. */
  readonly genesisAppHash: Uint8Array;
  readonly #database: DatabaseSync;
  readonly #state: StateReader;
  readonly #writer: StateWriter;
  readonly #listeners = new Set<(committed: CommittedBlock) => void>();
  #head: StoredBlock | undefined;
  /** The state as it will be once everything pending is included; CheckTx runs on it. */
  #checkCache: CacheStore;

  constructor(parts: { database: DatabaseSync; app: Application; genesis: ChainGenesis; validator: Validator }) {
    this.#database = parts.database;
    this.app = parts.app;
    this.validator = parts.validator;
    this.blocks = new BlockStore(parts.database);
    this.#state = new StateReader(parts.database);
    this.#writer = new StateWriter(parts.database);
    const opened = this.#openGenesis(parts.genesis);
    this.genesis = opened.genesis;
    this.genesisAppHash = opened.appHash;
    this.#head = this.blocks.latest();
    this.#checkCache = new CacheStore(this.#state);
  }

  /** The latest block, or undefined before the first. */
  get head(): StoredBlock | undefined {
    return this.#head;
  }

  get height(): number {
    return this.#head?.height ?? 0;
  }

  /** Calls `listener` after every commit, until the returned function is called. */
  onBlock(listener: (committed: CommittedBlock) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Makes the next block from what is pending and commits it. `timeMs` is the block's time in milliseconds since the epoch,
   * moved to one millisecond after the last block's if it is not later. Throws InvariantError if SQLite refuses; then
   * nothing has changed.
   */
  produceBlock(timeMs: number): CommittedBlock {
    const previous = this.#head;
    const height = this.height + 1;
    const earliestMs = previous === undefined ? this.genesis.timeMs : previous.timeMs + 1;
    const time = Math.max(Math.floor(timeMs), earliestMs);
    const { chainId } = this.genesis;
    const info: BlockInfo = { chainId, height, timeMs: time };
    const txs = this.mempool.reap(Number(BLOCK_MAX_BYTES));
    const cache = new CacheStore(this.#state);
    const results = txs.map((tx, index) => this.app.deliver(info, cache, tx, index));
    const writes = cache.writes();
    const made = makeBlock({
      chainId,
      height: BigInt(height),
      timeMs: time,
      lastBlockId: previous?.blockId ?? NO_BLOCK_ID,
      // BFT time (CometBFT 0.38): a header's time is the median of the last commit's votes, so that vote carries it.
      lastCommit:
        previous === undefined
          ? NO_COMMIT
          : signCommit(this.validator, chainId, BigInt(previous.height), previous.blockId, time),
      appHash: previous?.appHash ?? this.genesisAppHash,
      lastResultsHash: previous?.resultsHash ?? merkleRoot([]),
      txs,
      validator: this.validator,
    });
    const stored: StoredBlock = {
      height,
      timeMs: time,
      blockId: made.blockId,
      header: made.block.header,
      lastCommit: made.block.lastCommit ?? NO_COMMIT,
      seenCommit: signCommit(this.validator, chainId, BigInt(height), made.blockId, time),
      sizeBytes: made.sizeBytes,
      txCount: txs.length,
      appHash: nextAppHash(previous?.appHash ?? this.genesisAppHash, writes),
      resultsHash: resultsHash(results),
    };
    const storedTxs = txs.map((tx, index) => ({
      height,
      index,
      hash: sha256(tx),
      tx,
      result: results[index] ?? missingResult(),
    }));
    this.#commit(stored, storedTxs, writes);
    const committed = { block: stored, txs: storedTxs };
    for (const listener of this.#listeners) listener(committed);
    return committed;
  }

  /** Offers a transaction to the mempool and returns CheckTx's verdict. Throws MempoolError as CometBFT refuses it. */
  checkTx(tx: Uint8Array): TxResult {
    let result: TxResult | undefined;
    this.mempool.add(tx, () => {
      result = this.app.check(this.#checkInfo(), this.#checkCache, tx, 'check');
      return result.code === 0;
    });
    return result ?? missingResult();
  }

  /** Runs a transaction on top of what is pending and forgets it. */
  simulate(tx: Uint8Array): TxResult {
    return this.app.simulate(this.#checkInfo(), this.#checkCache, tx);
  }

  /** Transactions that meet all conditions, in order of the chain; `page` turns their number into the part that is wanted. */
  searchTxs(
    conditions: readonly SearchCondition[],
    order: 'asc' | 'desc',
    page: (total: number) => { offset: number; limit: number },
  ): { txs: StoredTx[]; total: number } {
    const { total } = searchTxs(this.#database, conditions, { order, offset: 0, limit: 0 });
    const { places } = searchTxs(this.#database, conditions, { order, ...page(total) });
    return { txs: places.flatMap(({ height, index }) => this.blocks.txAt(height, index) ?? []), total };
  }

  /** A read-only context on the state after `height` (0: the latest). Throws sdk code 18 for a height that is gone or to come. */
  queryContext(height: number): Context {
    const latest = this.height;
    const at = height === 0 ? latest : height;
    const block = this.blocks.at(at);
    if (at > latest || at < latest - KEPT_HEIGHTS || (at > 0 && block === undefined)) {
      throw sdkErrors.invalidRequest(
        `failed to load state at height ${at}; version does not exist (latest height: ${latest})`,
      );
    }
    const { chainId, timeMs } = this.genesis;
    const state = at === latest ? this.#state : new StateReader(this.#database, at);
    return new Context({
      block: { chainId, height: at, timeMs: block?.timeMs ?? timeMs },
      gas: new GasMeter(Infinity),
      cache: new CacheStore(state),
    });
  }

  #commit(block: StoredBlock, txs: readonly StoredTx[], writes: ReturnType<CacheStore['writes']>): void {
    try {
      inTransaction(this.#database, () => {
        this.#writer.apply(block.height, writes);
        this.blocks.put(block, txs);
      });
    } catch (error) {
      throw new InvariantError('block-not-stored', `block ${block.height} could not be stored`, { cause: error });
    }
    this.#head = block;
    for (const { tx, result } of txs) this.mempool.committed(tx, result.code === 0);
    this.#checkCache = new CacheStore(this.#state);
    for (const tx of this.mempool.pending()) {
      const { code } = this.app.check(this.#checkInfo(), this.#checkCache, tx, 'recheck');
      if (code !== 0) this.mempool.drop(tx);
    }
  }

  /** The SDK checks a transaction in the context of the last committed block, not of the one it may get into. */
  #checkInfo(): BlockInfo {
    const { chainId, timeMs } = this.genesis;
    return { chainId, height: this.height, timeMs: this.#head?.timeMs ?? timeMs };
  }

  #openGenesis(given: ChainGenesis): { genesis: ChainGenesis; appHash: Uint8Array } {
    const database = this.#database;
    const stored = database.prepare("SELECT value FROM meta WHERE name = 'genesis'").get()?.value;
    if (stored !== undefined) {
      const begun = JSON.parse(String(stored)) as GenesisRecord;
      if (begun.chainId !== given.chainId) {
        throw new BadInputError('chain-id-mismatch', `this file holds chain ${begun.chainId}, not ${given.chainId}`);
      }
      if (begun.validator !== hex(this.validator.publicKey)) {
        throw new BadInputError('validator-mismatch', 'this chain was begun with another validator seed');
      }
      return { genesis: begun, appHash: Uint8Array.from(Buffer.from(begun.appHash, 'hex')) };
    }
    const { chainId, timeMs, balances } = given;
    const cache = new CacheStore(this.#state);
    this.app.initGenesis({ chainId, height: 0, timeMs }, cache, balances);
    const writes = cache.writes();
    const appHash = nextAppHash(sha256(), writes);
    const record: GenesisRecord = {
      chainId,
      timeMs,
      balances,
      validator: hex(this.validator.publicKey),
      appHash: hex(appHash),
    };
    inTransaction(database, () => {
      this.#writer.apply(0, writes);
      database.prepare("INSERT INTO meta (name, value) VALUES ('genesis', ?)").run(JSON.stringify(record));
    });
    return { genesis: given, appHash };
  }
}

interface GenesisRecord extends ChainGenesis {
  readonly validator: string;
  readonly appHash: string;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function missingResult(): never {
  throw new InvariantError('missing-tx-result', 'a transaction ended without a result');
}
