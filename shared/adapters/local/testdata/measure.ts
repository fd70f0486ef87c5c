// Measures the SQLite adapters, with one fsync per commit and without. Usage: node shared/adapters/local/testdata/measure.ts [folder]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Write } from '../../../ports/store.ts';
import { systemClock, systemRandom } from '../../system/clock.ts';
import { openDatabase, type Synchronous } from '../sqlite.ts';
import { openSqliteQueue } from '../sqlite-queue.ts';
import { openSqliteStore } from '../sqlite-store.ts';

const MEASURE_MS = 2_000;
const BODY = { state: 'running', hash: 'a'.repeat(64), note: 'x'.repeat(100) };

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** @returns how many per second of what `step` says it did */
const perSecond = async (step: (i: number) => Promise<number>): Promise<number> => {
  const startMs = performance.now();
  let done = 0;
  for (let i = 0; performance.now() - startMs < MEASURE_MS; i += 1) done += await step(i);
  return Math.round((done / (performance.now() - startMs)) * 1000);
};

const writes = (name: string, count: number): Write[] =>
  Array.from({ length: count }, (_, i) => ({
    kind: 'put',
    key: { pk: `run/${name}`, sk: `row/${i}` },
    body: BODY,
    due: { list: 'deadline', at: i },
    expect: 'any',
  }));

const measure = async (path: string, synchronous: Synchronous): Promise<void> => {
  const database = openDatabase(path, { synchronous });
  const store = openSqliteStore(database);
  const queue = openSqliteQueue(database, { clock: systemClock, random: systemRandom });
  const report = async (what: string, step: (i: number) => Promise<number>): Promise<void> =>
    say(`${synchronous.padEnd(6)}  ${what.padEnd(48)} ${await perSecond(step)} per second`);
  const message = (i: number) => ({ id: `m${i}`, group: `g${i % 50}`, body: JSON.stringify(BODY) });
  const drain = async (): Promise<number> => {
    const received = await queue.receive('advance-run', 10);
    for (const { receipt } of received) await queue.ack('advance-run', receipt);
    return received.length;
  };

  await report('transactions of 1 write', async (i) => {
    await store.transact(writes(`one/${i % 1000}`, 1));
    return 1;
  });
  await report('transactions of 10 writes', async (i) => {
    await store.transact(writes(`ten/${i % 1000}`, 10));
    return 1;
  });
  await report('transactions of 1 write, 32 at once', async (i) => {
    await Promise.all(Array.from({ length: 32 }, (_, j) => store.transact(writes(`many/${(i % 100) * 32 + j}`, 1))));
    return 32;
  });
  await report('reads by key', async (i) => {
    await store.get({ pk: `run/one/${i % 1000}`, sk: 'row/0' });
    return 1;
  });
  await report('messages sent, received and acked, one at a time', async (i) => {
    await queue.send('advance-run', [message(i)]);
    return drain();
  });
  await report('messages sent, received and acked, by ten', async (i) => {
    await queue.send(
      'advance-run',
      Array.from({ length: 10 }, (_, j) => message(i * 10 + j)),
    );
    return drain();
  });
  const backlog = Array.from({ length: 20_000 }, (_, i) => message(i));
  await queue.send('advance-run', backlog);
  await report('messages received and acked, of 20,000 in 50 groups', drain);
  await report('receives of an empty queue', async () => {
    await queue.receive('start-job', 10);
    return 1;
  });
  database.close();
};

const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'quorate-measure-'));
await measure(join(folder, 'full'), 'full');
await measure(join(folder, 'normal'), 'normal');
rmSync(folder, { recursive: true });
