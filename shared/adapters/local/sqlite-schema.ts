import type { DatabaseSync } from 'node:sqlite';
import { BadInputError } from '../../errors.ts';

/**
 * Each entry takes the schema one version up. Released entries never change: a file written by any release is brought
 * forward by the entries it lacks (P15).
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE rows (
    pk TEXT NOT NULL,
    sk TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    due_list TEXT,
    due_at REAL,
    PRIMARY KEY (pk, sk)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX rows_due ON rows (due_list, due_at, pk, sk) WHERE due_list IS NOT NULL;

  CREATE TABLE messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    id TEXT NOT NULL,
    grp TEXT NOT NULL,
    body TEXT NOT NULL,
    sent_at_ms REAL NOT NULL,
    visible_at_ms REAL NOT NULL,
    -- Place inside the group, before seq: the time it becomes visible on standard queues, always 0 on FIFO queues.
    place REAL NOT NULL,
    receive_count INTEGER NOT NULL DEFAULT 0,
    receipt TEXT,
    dead INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX messages_by_group ON messages (queue, grp, place, seq) WHERE dead = 0;
  CREATE INDEX messages_by_time ON messages (queue, visible_at_ms) WHERE dead = 0;
  CREATE INDEX messages_dead ON messages (queue, seq) WHERE dead = 1;
  `,
];

const foreign = (cause?: unknown): BadInputError =>
  new BadInputError('not-a-quorate-database', 'the file is not a database of quorate', {
    next: 'Give the path of a new file or of one that quorate made.',
    ...(cause === undefined ? {} : { cause }),
  });

const tableNames = (connection: DatabaseSync): unknown[] =>
  connection
    .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`)
    .all()
    .map(({ name }) => name);

const storedVersion = (connection: DatabaseSync): number => {
  const tables = tableNames(connection);
  if (!tables.includes('quorate_schema')) {
    if (tables.length > 0) throw foreign();
    connection.exec('CREATE TABLE quorate_schema (version INTEGER NOT NULL) STRICT');
    connection.exec('INSERT INTO quorate_schema VALUES (0)');
    return 0;
  }
  const version = connection.prepare('SELECT version FROM quorate_schema').get()?.version;
  if (typeof version !== 'number') throw foreign();
  return version;
};

/**
 * Brings the schema to this release's version. Runs inside a write transaction, so that several processes may open a new
 * file at once.
 * @throws {BadInputError} `schema-too-new` for a file of a later release, `not-a-quorate-database` for one of another program.
 */
export const migrate = (connection: DatabaseSync, migrations: readonly string[] = MIGRATIONS): void => {
  const stored = storedVersion(connection);
  if (stored > migrations.length) {
    throw new BadInputError(
      'schema-too-new',
      `the database has schema ${stored}, this release knows up to ${migrations.length}`,
      { next: 'Run the release that wrote the file, or a later one.', details: { stored, known: migrations.length } },
    );
  }
  for (const migration of migrations.slice(stored)) connection.exec(migration);
  if (stored < migrations.length) connection.prepare('UPDATE quorate_schema SET version = ?').run(migrations.length);
};

export const notADatabase = foreign;
