import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { BlockID, Commit, Header } from 'cosmjs-types/tendermint/types/types';
import type { TxResult } from '../comet/abci.ts';

/** A block as it is stored; `appHash` and `resultsHash` are those AFTER it, which the next header carries. */
export interface StoredBlock {
  readonly height: number;
  readonly timeMs: number;
  readonly blockId: BlockID;
  readonly header: Header;
  /** The commit for the block before, as this block carries it. */
  readonly lastCommit: Commit;
  /** The validator's commit for this block, until the next block carries one. */
  readonly seenCommit: Commit;
  readonly sizeBytes: number;
  readonly txCount: number;
  readonly appHash: Uint8Array;
  readonly resultsHash: Uint8Array;
}

/** A transaction with its place in the chain and what came of it; gas in gas units. */
export interface StoredTx {
  readonly height: number;
  readonly index: number;
  readonly hash: Uint8Array;
  readonly tx: Uint8Array;
  readonly result: TxResult;
}

type Row = Record<string, unknown>;

/** Blocks and transactions in SQLite. Writing happens inside the caller's transaction. */
export class BlockStore {
  readonly #putBlock: StatementSync;
  readonly #putTx: StatementSync;
  readonly #putIndex: StatementSync;
  readonly #putEvent: StatementSync;
  readonly #byHeight: StatementSync;
  readonly #byHash: StatementSync;
  readonly #latest: StatementSync;
  readonly #txsOf: StatementSync;
  readonly #txAt: StatementSync;
  readonly #placeOf: StatementSync;

  constructor(database: DatabaseSync) {
    this.#putBlock = database.prepare(
      `INSERT INTO blocks (height, hash, time_ms, block_id, header, last_commit, seen_commit, size_bytes, tx_count, app_hash, results_hash)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#putTx = database.prepare('INSERT INTO txs (height, position, hash, tx, result) VALUES (?, ?, ?, ?, ?)');
    this.#putIndex = database.prepare('INSERT OR REPLACE INTO tx_index (hash, height, position) VALUES (?, ?, ?)');
    this.#putEvent = database.prepare(
      'INSERT OR IGNORE INTO tx_events (name, value, height, position) VALUES (?, ?, ?, ?)',
    );
    this.#byHeight = database.prepare('SELECT * FROM blocks WHERE height = ?');
    this.#byHash = database.prepare('SELECT * FROM blocks WHERE hash = ?');
    this.#latest = database.prepare('SELECT * FROM blocks ORDER BY height DESC LIMIT 1');
    this.#txsOf = database.prepare('SELECT * FROM txs WHERE height = ? ORDER BY position');
    this.#txAt = database.prepare('SELECT * FROM txs WHERE height = ? AND position = ?');
    this.#placeOf = database.prepare('SELECT height, position FROM tx_index WHERE hash = ?');
  }

  put(block: StoredBlock, txs: readonly StoredTx[]): void {
    this.#putBlock.run(
      block.height,
      block.blockId.hash,
      block.timeMs,
      BlockID.encode(block.blockId).finish(),
      Header.encode(block.header).finish(),
      Commit.encode(block.lastCommit).finish(),
      Commit.encode(block.seenCommit).finish(),
      block.sizeBytes,
      block.txCount,
      block.appHash,
      block.resultsHash,
    );
    for (const tx of txs) {
      this.#putTx.run(tx.height, tx.index, tx.hash, tx.tx, encodeResult(tx.result));
      this.#putIndex.run(tx.hash, tx.height, tx.index);
      for (const { type, attributes } of tx.result.events) {
        for (const { key, value } of attributes) this.#putEvent.run(`${type}.${key}`, value, tx.height, tx.index);
      }
    }
  }

  latest(): StoredBlock | undefined {
    return readBlock(this.#latest.get());
  }

  at(height: number): StoredBlock | undefined {
    return readBlock(this.#byHeight.get(height));
  }

  byHash(hash: Uint8Array): StoredBlock | undefined {
    return readBlock(this.#byHash.get(hash));
  }

  /** A block's transactions in order. */
  txsOf(height: number): StoredTx[] {
    return this.#txsOf.all(height).map(readTx);
  }

  txAt(height: number, index: number): StoredTx | undefined {
    const row = this.#txAt.get(height, index);
    return row && readTx(row);
  }

  /** The latest inclusion of a transaction. */
  txByHash(hash: Uint8Array): StoredTx | undefined {
    const place = this.#placeOf.get(hash);
    return place && this.txAt(Number(place.height), Number(place.position));
  }
}

function bytes(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array(0);
}

function readBlock(row: Row | undefined): StoredBlock | undefined {
  if (row === undefined) return undefined;
  return {
    height: Number(row.height),
    timeMs: Number(row.time_ms),
    blockId: BlockID.decode(bytes(row.block_id)),
    header: Header.decode(bytes(row.header)),
    lastCommit: Commit.decode(bytes(row.last_commit)),
    seenCommit: Commit.decode(bytes(row.seen_commit)),
    sizeBytes: Number(row.size_bytes),
    txCount: Number(row.tx_count),
    appHash: bytes(row.app_hash),
    resultsHash: bytes(row.results_hash),
  };
}

function readTx(row: Row): StoredTx {
  return {
    height: Number(row.height),
    index: Number(row.position),
    hash: bytes(row.hash),
    tx: bytes(row.tx),
    result: decodeResult(String(row.result)),
  };
}

function encodeResult(result: TxResult): string {
  return JSON.stringify({
    ...result,
    data: Buffer.from(result.data).toString('base64'),
    gasWanted: result.gasWanted.toString(),
    gasUsed: result.gasUsed.toString(),
  });
}

interface ResultJson extends Omit<TxResult, 'data' | 'gasWanted' | 'gasUsed'> {
  readonly data: string;
  readonly gasWanted: string;
  readonly gasUsed: string;
}

function decodeResult(text: string): TxResult {
  const json = JSON.parse(text) as ResultJson;
  return {
    ...json,
    data: Uint8Array.from(Buffer.from(json.data, 'base64')),
    gasWanted: BigInt(json.gasWanted),
    gasUsed: BigInt(json.gasUsed),
  };
}
