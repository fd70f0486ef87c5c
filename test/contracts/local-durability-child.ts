// Writes for ever and prints what was acknowledged, until the test kills it: `node local-durability-child.ts FOLDER NAME`.
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { openFileBlobs } from '../../shared/adapters/local/file-blobs.ts';
import { openDatabase } from '../../shared/adapters/local/sqlite.ts';
import { openSqliteQueue } from '../../shared/adapters/local/sqlite-queue.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { systemClock, systemRandom } from '../../shared/adapters/system/clock.ts';
import { ConditionFailedError } from '../../shared/ports/store-errors.ts';

const [folder = '', name = ''] = process.argv.slice(2);
const database = openDatabase(join(folder, 'db'));
const store = openSqliteStore(database);
const queue = openSqliteQueue(database, { clock: systemClock, random: systemRandom });
const blobs = openFileBlobs(join(folder, 'blobs'));

/** Reaches the pipe before the next write begins. */
const acknowledge = (line: string): void => void writeSync(1, `${line}\n`);

for (let i = 0; ; i += 1) {
  const counter = { pk: 'counter', sk: 'shared' };
  const row = await store.get<number>(counter);
  const next = (row?.version ?? 0) + 1;
  const expectation = row ? { version: row.version } : 'absent';
  try {
    await store.transact([
      { kind: 'put', key: counter, body: next, expect: expectation },
      { kind: 'put', key: { pk: 'by-version', sk: `${next}` }, body: name, expect: 'absent' },
    ]);
    acknowledge(`version ${next} ${name}`);
  } catch (error) {
    if (!(error instanceof ConditionFailedError)) throw error;
  }
  const id = `${name}-${i}`;
  await queue.send('deliver-webhook', [{ id, group: name, body: '{}' }]);
  acknowledge(`message ${id}`);
  if (i % 5 === 0) acknowledge(`blob ${await blobs.put(new TextEncoder().encode(id.repeat(1000)))}`);
}
