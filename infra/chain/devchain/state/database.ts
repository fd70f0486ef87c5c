import { DatabaseSync } from 'node:sqlite';
import { BadInputError } from '../../../../shared/errors.ts';

const SCHEMA_VERSION = 1;

/*
 * state_undo keeps, for recent heights, the value a key had before that height's block (NULL: it did not exist): that is
 * what answers a query at an older height. tx_index maps a hash to its latest inclusion, as CometBFT's indexer does.
 */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state_undo (key BLOB NOT NULL, height INTEGER NOT NULL, value BLOB, PRIMARY KEY (key, height)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS state_undo_height ON state_undo (height);
CREATE TABLE IF NOT EXISTS blocks (
  height INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, time_ms INTEGER NOT NULL, block_id BLOB NOT NULL,
  header BLOB NOT NULL, last_commit BLOB NOT NULL, seen_commit BLOB NOT NULL, size_bytes INTEGER NOT NULL,
  tx_count INTEGER NOT NULL, app_hash BLOB NOT NULL, results_hash BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS txs (
  height INTEGER NOT NULL, position INTEGER NOT NULL, hash BLOB NOT NULL, tx BLOB NOT NULL, result TEXT NOT NULL,
  PRIMARY KEY (height, position));
CREATE TABLE IF NOT EXISTS tx_index (hash BLOB PRIMARY KEY, height INTEGER NOT NULL, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tx_events (
  name TEXT NOT NULL, value TEXT NOT NULL, height INTEGER NOT NULL, position INTEGER NOT NULL,
  PRIMARY KEY (name, value, height, position)) WITHOUT ROWID;
`;

/** How far a committed block has got when produceBlock returns. */
export type Durability = 'process' | 'power';

/**
 * Opens (and creates) the chain's SQLite database at `path`, or in memory for ':memory:'.
 *
 * 'process' is WAL with synchronous=NORMAL: a killed process loses nothing and a power cut loses at most the last blocks
 * but never halves one, which is what a development chain needs at one block per few milliseconds. 'power' is
 * synchronous=FULL: one fsync per block. Throws BadInputError if another schema version lies there.
 */
export function openDatabase(path: string, durability: Durability = 'process'): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL');
  database.exec(`PRAGMA synchronous = ${durability === 'power' ? 'FULL' : 'NORMAL'}`);
  database.exec('PRAGMA busy_timeout = 5000');
  const row = database.prepare('PRAGMA user_version').get();
  const version = Number(row?.user_version ?? 0);
  if (version !== 0 && version !== SCHEMA_VERSION) {
    database.close();
    throw new BadInputError(
      'devchain-schema',
      `database has schema version ${version}, this code writes ${SCHEMA_VERSION}`,
    );
  }
  database.exec(SCHEMA);
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  return database;
}

/** Runs `work` in one SQLite transaction: all of it is stored, or none. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
