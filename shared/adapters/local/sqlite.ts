import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { databaseError, isNotADatabase } from './sqlite-errors.ts';
import { migrate, notADatabase } from './sqlite-schema.ts';

/** `full`: a commit survives a power loss. `normal`: it survives the end of the process, however sudden. */
export type Synchronous = 'full' | 'normal';

export interface DatabaseOptions {
  /** What `commit` waits for; default `full`. */
  readonly synchronous?: Synchronous;
  /** How long a write waits for another connection's transaction; default 10 s. */
  readonly busyTimeoutMs?: number;
}

interface Pending {
  /** Does the work inside the transaction. @returns what to call once it is committed */
  run(): () => void;
  fail(error: unknown): void;
}

/**
 * One connection to a database file. Every thread and process opens its own; SQLite's lock on the file orders their writes.
 *
 * On synchronous=FULL: in WAL mode NORMAL loses nothing when the process is killed, since each commit has reached the
 * operating system; after a power loss the last commits are gone. `Store.transact` and `Queue.send` promise to be durable,
 * and a lost row of a signed transaction would be a lost answer (P10), so they wait for the disk. Receives, acks and
 * retries do not (`commitSoon`): losing one is a repeated delivery, which every consumer must bear anyway, and the next
 * full commit's fsync makes them durable too.
 */
export class LocalDatabase {
  readonly #connection: DatabaseSync;
  readonly #durable: Synchronous;
  readonly #begin: StatementSync;
  readonly #end: StatementSync;
  #synchronous: Synchronous | undefined;
  #pending: Pending[] = [];

  constructor(connection: DatabaseSync, durable: Synchronous) {
    this.#connection = connection;
    this.#durable = durable;
    this.#begin = connection.prepare('BEGIN IMMEDIATE');
    this.#end = connection.prepare('COMMIT');
  }

  prepare(sql: string): StatementSync {
    return this.#connection.prepare(sql);
  }

  /** Runs statements that only read. */
  read<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw databaseError(error);
    }
  }

  /**
   * Runs `work` in a write transaction and resolves when it is durable. Calls of the same turn share one transaction, hence
   * one wait for the disk; each is still all or nothing, and one that throws takes only its own writes back.
   */
  commit<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#pending.push({
        run: () => {
          const value = work();
          return () => resolve(value);
        },
        fail: reject,
      });
      if (this.#pending.length === 1) queueMicrotask(() => this.#flush());
    });
  }

  /** Runs `work` in a write transaction that survives the end of the process, and a power loss from the next `commit` on. */
  commitSoon<T>(work: () => T): T {
    try {
      return this.#transaction('normal', work);
    } catch (error) {
      throw databaseError(error);
    }
  }

  /** Writes what is still pending, then closes the connection. Closing twice is a no-op. */
  close(): void {
    this.#flush();
    if (this.#connection.isOpen) this.#connection.close();
  }

  #flush(): void {
    const group = this.#pending;
    this.#pending = [];
    if (group.length === 0) return;
    try {
      const settle = this.#transaction(this.#durable, () => group.map((pending) => this.#inSavepoint(pending)));
      for (const done of settle) done();
    } catch (error) {
      const failure = databaseError(error);
      for (const pending of group) pending.fail(failure);
    }
  }

  #inSavepoint(pending: Pending): () => void {
    this.#connection.exec('SAVEPOINT work');
    try {
      return pending.run();
    } catch (error) {
      this.#connection.exec('ROLLBACK TO work');
      return () => pending.fail(databaseError(error));
    } finally {
      // SQLite ends the whole transaction by itself on some errors (disk full, I/O): then there is nothing to release.
      if (this.#connection.isTransaction) this.#connection.exec('RELEASE work');
    }
  }

  #transaction<T>(synchronous: Synchronous, work: () => T): T {
    if (this.#synchronous !== synchronous) {
      this.#connection.exec(`PRAGMA synchronous = ${synchronous}`);
      this.#synchronous = synchronous;
    }
    this.#begin.run();
    try {
      const value = work();
      this.#end.run();
      return value;
    } catch (error) {
      if (this.#connection.isTransaction) this.#connection.exec('ROLLBACK');
      throw error;
    }
  }
}

/** Switching a new file to WAL needs it alone and does not wait by itself, so each try first waits for the write lock. */
const enterWal = (connection: DatabaseSync): void => {
  for (let triesLeft = 50; ; triesLeft -= 1) {
    try {
      connection.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (triesLeft === 0 || isNotADatabase(error)) throw error;
      connection.exec('BEGIN IMMEDIATE; ROLLBACK');
    }
  }
};

/**
 * Opens or makes the database at `path` (`:memory:` for one that lives as long as the connection).
 * @throws {BadInputError} `schema-too-new` or `not-a-quorate-database`; {TransientError} `database-busy`.
 */
export const openDatabase = (path: string, options: DatabaseOptions = {}): LocalDatabase => {
  const connection = new DatabaseSync(path, { timeout: options.busyTimeoutMs ?? 10_000 });
  try {
    enterWal(connection);
    // On macOS fsync alone does not reach the disk; elsewhere this changes nothing.
    connection.exec('PRAGMA fullfsync = ON');
    connection.exec('BEGIN IMMEDIATE');
    migrate(connection);
    connection.exec('COMMIT');
    return new LocalDatabase(connection, options.synchronous ?? 'full');
  } catch (error) {
    connection.close();
    throw isNotADatabase(error) ? notADatabase(error) : databaseError(error);
  }
};
