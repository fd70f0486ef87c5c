import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, seededRandom } from '../../../test/contracts/fakes.ts';
import type { Write } from '../../ports/store.ts';
import { openDatabase } from './sqlite.ts';
import { openSqliteQueue } from './sqlite-queue.ts';
import { MIGRATIONS, migrate } from './sqlite-schema.ts';
import { openSqliteStore } from './sqlite-store.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quorate-sqlite-'));
  path = join(folder, 'db');
});
afterEach(() => rm(folder, { recursive: true }));

const put = (sk: string, body: unknown): Write => ({ kind: 'put', key: { pk: 'p', sk }, body, expect: 'any' });

describe('openDatabase', () => {
  it('keeps rows and messages of an earlier process', async () => {
    const options = { clock: new FakeClock(), random: seededRandom(1) };
    const before = openDatabase(path);
    await openSqliteStore(before).transact([put('a', 1)]);
    await openSqliteQueue(before, options).send('advance-run', [{ id: 'm', group: 'g', body: '{}' }]);
    before.close();
    before.close();
    const after = openDatabase(path);
    expect(await openSqliteStore(after).get({ pk: 'p', sk: 'a' })).toMatchObject({ version: 1, body: 1 });
    expect(await openSqliteQueue(after, options).receive('advance-run', 1)).toMatchObject([{ id: 'm' }]);
    after.close();
  });

  it('rejects the file of a later release and leaves it as it is', () => {
    openDatabase(path).close();
    const connection = new DatabaseSync(path);
    connection.exec('UPDATE quorate_schema SET version = 99');
    expect(() => openDatabase(path)).toThrow(expect.objectContaining({ family: 'bad-input', code: 'schema-too-new' }));
    expect(connection.prepare('SELECT version FROM quorate_schema').get()).toEqual({ version: 99 });
    connection.close();
  });

  it('brings an older schema forward, each step once, and keeps its rows', () => {
    const connection = new DatabaseSync(':memory:');
    migrate(connection);
    connection.exec(`INSERT INTO rows VALUES ('p', 's', 1, '{}', NULL, NULL)`);
    const next = [...MIGRATIONS, 'ALTER TABLE rows ADD COLUMN note TEXT'];
    migrate(connection, next);
    migrate(connection, next);
    expect(connection.prepare('SELECT sk, note FROM rows').all()).toEqual([{ sk: 's', note: null }]);
    expect(() => migrate(connection)).toThrow(expect.objectContaining({ code: 'schema-too-new' }));
  });

  it('rejects files that are not its own', async () => {
    const refusal = expect.objectContaining({ family: 'bad-input', code: 'not-a-quorate-database' });
    const other = new DatabaseSync(path);
    other.exec('CREATE TABLE notes (text TEXT)');
    other.close();
    expect(() => openDatabase(path)).toThrow(refusal);
    await writeFile(join(folder, 'text'), 'this is no database at all'.repeat(100));
    expect(() => openDatabase(join(folder, 'text'))).toThrow(refusal);
  });

  it('gives up with a transient error when another connection holds the lock, and works again after', async () => {
    const database = openDatabase(path, { busyTimeoutMs: 0 });
    const store = openSqliteStore(database);
    const holder = new DatabaseSync(path);
    holder.exec('BEGIN IMMEDIATE');
    const busy = { family: 'transient', code: 'database-busy' };
    await expect(store.transact([put('a', 1)])).rejects.toMatchObject(busy);
    expect(await store.get({ pk: 'p', sk: 'a' })).toBeUndefined();
    holder.exec('ROLLBACK');
    await store.transact([put('a', 2)]);
    expect(await store.get({ pk: 'p', sk: 'a' })).toMatchObject({ version: 1, body: 2 });
    holder.close();
    database.close();
  });

  it('opens a new file from several threads at once, and loses no update of theirs', async () => {
    const thread = (): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const worker = new Worker(join(import.meta.dirname, 'testdata', 'increment.ts'), {
          workerData: { path, times: 50 },
        });
        worker.on('error', reject);
        worker.on('exit', resolve);
      });
    expect(await Promise.all([thread(), thread(), thread(), thread()])).toEqual([0, 0, 0, 0]);
    const store = openSqliteStore(path);
    expect(await store.get({ pk: 'p', sk: 'sum' })).toMatchObject({ version: 200, body: 200 });
    store.close();
  });
});

describe('commit', () => {
  it('joins the writes of one turn, and takes back only those of the one that fails', async () => {
    const database = openDatabase(path);
    const insert = database.prepare(`INSERT INTO rows (pk, sk, version, body) VALUES ('p', ?, 1, '{}')`);
    const outcomes = await Promise.allSettled([
      database.commit(() => insert.run('a')),
      database.commit(() => {
        insert.run('b');
        throw new RangeError('after the first row');
      }),
      database.commit(() => insert.run('c')),
      database.commit(() => insert.run('a')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
    expect(database.prepare('SELECT sk FROM rows').all()).toEqual([{ sk: 'a' }, { sk: 'c' }]);
    database.close();
  });

  it('writes what is pending before it closes, and rejects afterwards', async () => {
    const database = openDatabase(path);
    const store = openSqliteStore(database);
    const written = store.transact([put('a', 1)]);
    database.close();
    await written;
    await expect(store.transact([put('b', 1)])).rejects.toMatchObject({ family: 'invariant' });
    const again = openSqliteStore(path);
    expect(await again.get({ pk: 'p', sk: 'a' })).toMatchObject({ body: 1 });
    again.close();
  });
});

describe('hooks', () => {
  it('tell of committed writes only, and cannot undo them', async () => {
    const seen: string[][] = [];
    const database = openDatabase(':memory:');
    const store = openSqliteStore(database, {
      onCommit: (writes) => {
        seen.push(writes.map(({ key }) => key.sk));
        if (seen.length === 2) throw new Error('a listener that fails');
      },
    });
    const warnings: string[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning.message);
    process.on('warning', onWarning);
    await store.transact([put('a', 1), put('b', 1)]);
    await expect(store.transact([{ ...put('a', 2), expect: 'absent' }])).rejects.toThrow();
    await store.transact([put('c', 1)]);
    expect(seen).toEqual([['a', 'b'], ['c']]);
    expect(await store.get({ pk: 'p', sk: 'c' })).toBeDefined();
    await new Promise(setImmediate);
    process.off('warning', onWarning);
    expect(warnings).toEqual(['a listener that fails']);
    database.close();
  });

  it('wake consumers when a message may have become deliverable', async () => {
    const woken: string[] = [];
    const database = openDatabase(':memory:');
    const queue = openSqliteQueue(database, {
      clock: new FakeClock(),
      random: seededRandom(1),
      wake: (name) => woken.push(name),
    });
    await queue.send('send-transaction', [
      { id: 'a', group: 'g', body: '{}' },
      { id: 'b', group: 'g', body: '{}' },
    ]);
    const [first] = await queue.receive('send-transaction', 1);
    await queue.retry('send-transaction', first?.receipt ?? '', 0);
    const [again] = await queue.receive('send-transaction', 1);
    await queue.ack('send-transaction', again?.receipt ?? '');
    await queue.ack('send-transaction', again?.receipt ?? '');
    expect(woken).toEqual(['send-transaction', 'send-transaction', 'send-transaction']);
    expect(await queue.receive('send-transaction', 1)).toMatchObject([{ id: 'b' }]);
    database.close();
  });
});
