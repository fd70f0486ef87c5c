import type { StatementSync } from 'node:sqlite';
import type { Expect, Key, Page, Row, Store, Write } from '../../ports/store.ts';
import { ConditionFailedError } from '../../ports/store-errors.ts';
import { utf8Order } from '../limits/key-order.ts';
import { type CheckedWrite, checkKey, checkLimit, checkWrites } from '../limits/store-limits.ts';
import { type LocalDatabase, openDatabase } from './sqlite.ts';

export interface SqliteStoreOptions {
  /**
   * Called with the writes of each committed transaction of this connection, before `transact` resolves: the local twin of
   * a DynamoDB stream, to wake the outbox relay at once. Only a hint: commits of other threads and processes, and those
   * before a crash, are found by sweeping the due list. It must not throw; if it does, the write still stands.
   */
  readonly onCommit?: (writes: readonly Write[]) => void;
}

interface RawRow {
  readonly pk: string;
  readonly sk: string;
  readonly version: number;
  readonly body: string;
  readonly due_list: string | null;
  readonly due_at: number | null;
}

const toRow = <T>(raw: RawRow): Row<T> => ({
  pk: raw.pk,
  sk: raw.sk,
  version: raw.version,
  body: JSON.parse(raw.body),
  ...(raw.due_list === null || raw.due_at === null ? {} : { due: { list: raw.due_list, at: raw.due_at } }),
});

const holds = (expect: Expect, current: RawRow | undefined): boolean =>
  expect === 'any' || (expect === 'absent' ? current === undefined : current?.version === expect.version);

const LAST_CODE_POINT = 0x10ffff;

/** SQLite orders every blob after every text. */
const AFTER_ALL_TEXT = Uint8Array.of(0);

/** The least value after every text with this prefix. */
const prefixEnd = (prefix: string): string | Uint8Array => {
  const points = Array.from(prefix, (char) => char.codePointAt(0) ?? 0);
  while (points.at(-1) === LAST_CODE_POINT) points.pop();
  const last = points.pop();
  if (last === undefined) return AFTER_ALL_TEXT;
  // Surrogates are no code points of their own: U+E000 follows U+D7FF.
  return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
};

const COLUMNS = 'pk, sk, version, body, due_list, due_at';

class SqliteStore implements Store {
  readonly #database: LocalDatabase;
  readonly #owned: boolean;
  readonly #onCommit: ((writes: readonly Write[]) => void) | undefined;
  readonly #get: StatementSync;
  readonly #listFrom: StatementSync;
  readonly #listAfter: StatementSync;
  readonly #due: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;

  constructor(database: LocalDatabase, owned: boolean, options: SqliteStoreOptions) {
    this.#database = database;
    this.#owned = owned;
    this.#onCommit = options.onCommit;
    this.#get = database.prepare(`SELECT ${COLUMNS} FROM rows WHERE pk = ? AND sk = ?`);
    this.#listFrom = database.prepare(
      `SELECT ${COLUMNS} FROM rows WHERE pk = ? AND sk >= ? AND sk < ? ORDER BY sk LIMIT ?`,
    );
    this.#listAfter = database.prepare(
      `SELECT ${COLUMNS} FROM rows WHERE pk = ? AND sk > ? AND sk < ? ORDER BY sk LIMIT ?`,
    );
    this.#due = database.prepare(
      `SELECT ${COLUMNS} FROM rows WHERE due_list = ? AND due_at <= ? ORDER BY due_at, pk, sk LIMIT ?`,
    );
    this.#put = database.prepare(
      `INSERT INTO rows (pk, sk, version, body, due_list, due_at) VALUES (?, ?, 1, ?, ?, ?)
       ON CONFLICT (pk, sk) DO UPDATE
       SET version = version + 1, body = excluded.body, due_list = excluded.due_list, due_at = excluded.due_at`,
    );
    this.#delete = database.prepare('DELETE FROM rows WHERE pk = ? AND sk = ?');
  }

  async get<T>(key: Key): Promise<Row<T> | undefined> {
    checkKey(key);
    const raw = this.#database.read(() => this.#current(key));
    return raw && toRow<T>(raw);
  }

  async list<T>(pk: string, page: Page): Promise<Row<T>[]> {
    checkLimit(page.limit);
    const { prefix = '', after = '', limit } = page;
    // One bound on each side, so that a page costs its own rows and not those before or behind it.
    return utf8Order(after, prefix) >= 0
      ? this.#rows<T>(this.#listAfter, pk, after, prefixEnd(prefix), limit)
      : this.#rows<T>(this.#listFrom, pk, prefix, prefixEnd(prefix), limit);
  }

  async due<T>(list: string, until: number, limit: number): Promise<Row<T>[]> {
    checkLimit(limit);
    return this.#rows<T>(this.#due, list, until, limit);
  }

  async transact(writes: readonly Write[]): Promise<void> {
    const checked = checkWrites(writes);
    if (checked.length === 0) return;
    await this.#database.commit(() => this.#apply(checked));
    try {
      this.#onCommit?.(checked.map(({ write }) => write));
    } catch (error) {
      // The write is committed: rejecting here would tell the caller the opposite.
      process.emitWarning(error instanceof Error ? error : String(error));
    }
  }

  close(): void {
    if (this.#owned) this.#database.close();
  }

  #current({ pk, sk }: Key): RawRow | undefined {
    return this.#get.get(pk, sk) as RawRow | undefined;
  }

  #rows<T>(statement: StatementSync, ...values: (string | number | Uint8Array)[]): Row<T>[] {
    const raw = this.#database.read(() => statement.all(...values)) as unknown as RawRow[];
    return raw.map((row) => toRow<T>(row));
  }

  #apply(checked: readonly CheckedWrite[]): void {
    const conflicts = checked
      .map(({ write }) => ({ write, current: this.#current(write.key) }))
      .filter(({ write, current }) => !holds(write.expect, current));
    if (conflicts.length > 0) {
      throw new ConditionFailedError(
        conflicts.map(({ write, current }) => ({ key: write.key, current: current && toRow(current) })),
      );
    }
    for (const { write, json } of checked) {
      const { pk, sk } = write.key;
      if (write.kind === 'put') this.#put.run(pk, sk, json, write.due?.list ?? null, write.due?.at ?? null);
      if (write.kind === 'delete') this.#delete.run(pk, sk);
    }
  }
}

/**
 * Rows in an SQLite file, as in {@link Store}. Given a path, the store opens the database and closes it again; given a
 * database, it leaves that open. Several connections, in several threads and processes, may use one file. Rows that expire stay.
 */
export const openSqliteStore = (
  database: LocalDatabase | string,
  options: SqliteStoreOptions = {},
): Store & { close(): void } =>
  typeof database === 'string'
    ? new SqliteStore(openDatabase(database), true, options)
    : new SqliteStore(database, false, options);
