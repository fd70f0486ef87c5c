import { BadInputError } from '../../../../shared/errors.ts';
import { sha256 } from './merkle.ts';

/** CometBFT v0.38 config/config.go DefaultMempoolConfig. */
const MAX_TXS = 5000;
const MAX_TX_BYTES = 1_048_576;
const CACHE_SIZE = 10_000;
/** What a block needs besides its transactions, generously. */
const BLOCK_OVERHEAD_BYTES = 2048;

/** A transaction was refused before CheckTx looked at it; the message is CometBFT's. */
export class MempoolError extends BadInputError {
  constructor(message: string) {
    super('mempool', message);
  }
}

/**
 * Transactions that wait for a block, in order of arrival, and a cache of hashes seen lately that keeps out duplicates
 * (CometBFT v0.38 mempool/clist_mempool.go). Held in memory only: as on a real node, a restart forgets what is pending.
 */
export class Mempool {
  readonly #txs = new Map<string, Uint8Array>();
  readonly #cache = new Set<string>();

  get size(): number {
    return this.#txs.size;
  }

  get sizeBytes(): number {
    let bytes = 0;
    for (const tx of this.#txs.values()) bytes += tx.length;
    return bytes;
  }

  /** Takes a transaction in if `check` accepts it. Throws MempoolError when it is too large, known, or the pool is full. */
  add(tx: Uint8Array, check: () => boolean): void {
    if (this.#txs.size >= MAX_TXS) {
      throw new MempoolError(
        `mempool is full: number of txs ${this.#txs.size} (max: ${MAX_TXS}), total txs bytes ${this.sizeBytes} (max: 1073741824)`,
      );
    }
    if (tx.length > MAX_TX_BYTES) {
      throw new MempoolError(`Tx too large. Max size is ${MAX_TX_BYTES}, but got ${tx.length}`);
    }
    const key = keyOf(tx);
    if (this.#cache.has(key)) throw new MempoolError('tx already exists in cache');
    this.#remember(key);
    if (check()) this.#txs.set(key, tx);
    else this.#cache.delete(key);
  }

  /** The transactions of the next block: the oldest ones that fit into `maxBytes`. */
  reap(maxBytes: number): Uint8Array[] {
    const reaped: Uint8Array[] = [];
    let bytes = BLOCK_OVERHEAD_BYTES;
    for (const tx of this.#txs.values()) {
      bytes += tx.length + 8;
      if (bytes > maxBytes) break;
      reaped.push(tx);
    }
    return reaped;
  }

  /** Pending transactions in order. */
  pending(): Uint8Array[] {
    return [...this.#txs.values()];
  }

  /** Removes a block's transactions; one that failed may be sent again, one that succeeded stays known. */
  committed(tx: Uint8Array, succeeded: boolean): void {
    const key = keyOf(tx);
    this.#txs.delete(key);
    if (succeeded) this.#remember(key);
    else this.#cache.delete(key);
  }

  /** Drops a transaction that a block has made invalid. */
  drop(tx: Uint8Array): void {
    const key = keyOf(tx);
    this.#txs.delete(key);
    this.#cache.delete(key);
  }

  #remember(key: string): void {
    this.#cache.delete(key);
    this.#cache.add(key);
    if (this.#cache.size <= CACHE_SIZE) return;
    const [oldest] = this.#cache;
    if (oldest !== undefined) this.#cache.delete(oldest);
  }
}

function keyOf(tx: Uint8Array): string {
  return Buffer.from(sha256(tx)).toString('hex');
}
