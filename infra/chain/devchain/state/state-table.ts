import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Entry, KvReader, KvWrite, Order } from './kv.ts';

const PAGE_ROWS = 64;
const EMPTY = new Uint8Array(0);

/** Heights whose state can still be queried besides the latest one; cosmos-sdk's default pruning keeps more, ours is small. */
export const KEPT_HEIGHTS = 100;

/**
 * The committed state, now or as it was after an older block (`height`). Scans read pages by key and hold no cursor, so
 * that commits and other reads may happen between two steps.
 */
export class StateReader implements KvReader {
  readonly #height: number | undefined;
  readonly #get: StatementSync;
  readonly #pages: Readonly<Record<Order, StatementSync>>;

  constructor(database: DatabaseSync, height?: number) {
    this.#height = height;
    this.#get = database.prepare(
      height === undefined
        ? 'SELECT value FROM state WHERE key = ?'
        : `SELECT value FROM (SELECT 0 AS rank, height, value FROM state_undo WHERE key = ?1 AND height > ?2
           UNION ALL SELECT 1, 0, value FROM state WHERE key = ?1) ORDER BY rank, height LIMIT 1`,
    );
    this.#pages = {
      ascending: database.prepare(pageSql(height !== undefined, 'ASC')),
      descending: database.prepare(pageSql(height !== undefined, 'DESC')),
    };
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const row = this.#height === undefined ? this.#get.get(key) : this.#get.get(key, this.#height);
    const value = row?.value;
    return value instanceof Uint8Array ? value : undefined;
  }

  *scan(start: Uint8Array | undefined, end: Uint8Array | undefined, order: Order): IterableIterator<Entry> {
    let low = start ?? EMPTY;
    let high: Uint8Array | null = end ?? null;
    const page = this.#pages[order];
    for (;;) {
      const rows = this.#height === undefined ? page.all(low, high) : page.all(low, high, this.#height);
      let last: Uint8Array | undefined;
      for (const row of rows) {
        const { key, value } = row;
        if (!(key instanceof Uint8Array)) continue;
        last = key;
        if (value instanceof Uint8Array) yield [key, value];
      }
      if (last === undefined || rows.length < PAGE_ROWS) return;
      // The smallest key above `last` is last || 0x00; an exclusive upper bound needs no change.
      if (order === 'ascending') low = Uint8Array.of(...last, 0);
      else high = last;
    }
  }
}

function pageSql(historic: boolean, direction: 'ASC' | 'DESC'): string {
  const range = 'key >= ?1 AND (?2 IS NULL OR key < ?2)';
  const source = historic
    ? `(SELECT key, value FROM state WHERE ${range}
         AND NOT EXISTS (SELECT 1 FROM state_undo u WHERE u.key = state.key AND u.height > ?3)
       UNION ALL SELECT key, value FROM (SELECT key, value, MIN(height) FROM state_undo WHERE ${range} AND height > ?3 GROUP BY key))`
    : `state WHERE ${range}`;
  return `SELECT key, value FROM ${source} ORDER BY key ${direction} LIMIT ${PAGE_ROWS}`;
}

/** Applies one block's writes to the state and its undo log; call it inside a transaction. */
export class StateWriter {
  readonly #remember: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #prune: StatementSync;

  constructor(database: DatabaseSync) {
    this.#remember = database.prepare(
      'INSERT INTO state_undo (key, height, value) VALUES (?1, ?2, (SELECT value FROM state WHERE key = ?1))',
    );
    this.#put = database.prepare(
      'INSERT INTO state (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    );
    this.#delete = database.prepare('DELETE FROM state WHERE key = ?');
    this.#prune = database.prepare('DELETE FROM state_undo WHERE height <= ?');
  }

  /** Stores `writes` as those of the block at `height` and forgets undo rows older than {@link KEPT_HEIGHTS}. */
  apply(height: number, writes: readonly KvWrite[]): void {
    for (const { key, value } of writes) {
      this.#remember.run(key, height);
      if (value === undefined) this.#delete.run(key);
      else this.#put.run(key, value);
    }
    this.#prune.run(height - KEPT_HEIGHTS);
  }
}
