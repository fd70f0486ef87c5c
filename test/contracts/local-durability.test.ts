import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFileBlobs } from '../../shared/adapters/local/file-blobs.ts';
import { openDatabase } from '../../shared/adapters/local/sqlite.ts';
import { openSqliteQueue } from '../../shared/adapters/local/sqlite-queue.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { FakeClock, seededRandom } from './fakes.ts';

const CHILD = join(import.meta.dirname, 'local-durability-child.ts');
const ROUNDS = 4;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quorate-durability-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Lets a child write until it has acknowledged so many lines, then kills it in the midst of the next write. */
const writeAndDie = async (name: string, linesUntilKill: number): Promise<string[]> => {
  const child: ChildProcess = spawn(process.execPath, [CHILD, folder, name], { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  const complaints: string[] = [];
  child.stderr?.on('data', (chunk: Buffer) => complaints.push(chunk.toString()));
  const lines: string[] = [];
  if (!child.stdout) throw new Error('no pipe');
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === linesUntilKill) child.kill('SIGKILL');
  }
  const [, signal] = await closed;
  expect(signal, complaints.join('')).toBe('SIGKILL');
  return lines;
};

const messagesLeft = async (path: string): Promise<Set<string>> => {
  const database = openDatabase(path);
  const queue = openSqliteQueue(database, { clock: new FakeClock(8.64e15), random: seededRandom(1) });
  const ids = new Set<string>();
  for (;;) {
    const received = await queue.receive('deliver-webhook', 10);
    if (received.length === 0) break;
    for (const { id } of received) ids.add(id);
  }
  database.close();
  return ids;
};

describe('local adapters after kill -9', () => {
  it('hold every acknowledged row, message and blob of two processes, over several kills', async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const kills = ['a', 'b'].map((side) => writeAndDie(`${side}${round}`, randomInt(1, 120)));
      acknowledged.push(...(await Promise.all(kills)).flat());
    }

    const path = join(folder, 'db');
    const database = openDatabase(path);
    const store = openSqliteStore(database);
    const counter = await store.get<number>({ pk: 'counter', sk: 'shared' });
    const versions = acknowledged.filter((line) => line.startsWith('version ')).map((line) => line.split(' '));
    for (const [, version, name] of versions) {
      expect(await store.get({ pk: 'by-version', sk: version ?? '' })).toMatchObject({ version: 1, body: name });
    }
    expect(new Set(versions.map(([, version]) => version)).size).toBe(versions.length);
    // Both rows of a transaction or none: also of those that no acknowledgement names.
    expect(await store.list('by-version', { limit: 10_000 })).toHaveLength(counter?.version ?? 0);
    expect(counter?.body).toBe(counter?.version);
    expect(database.read(() => database.prepare('PRAGMA integrity_check').get())).toEqual({ integrity_check: 'ok' });
    database.close();

    const ids = await messagesLeft(path);
    for (const line of acknowledged.filter((entry) => entry.startsWith('message '))) {
      expect(ids).toContain(line.slice('message '.length));
    }

    const blobs = openFileBlobs(join(folder, 'blobs'));
    for (const line of acknowledged.filter((entry) => entry.startsWith('blob '))) {
      await blobs.get(line.slice('blob '.length));
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(2 * ROUNDS);
  });
});
