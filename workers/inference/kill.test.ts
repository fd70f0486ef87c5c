import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { ed25519 } from '@noble/curves/ed25519.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TINY_CUTS } from '../../shared/model/onnx/testdata/tiny-onnx.ts';
import { OUTBOX, type OutboxEntry } from '../../shared/outbox.ts';
import { rawDigest } from '../../shared/protocol/digest.ts';
import { toHex } from '../../shared/protocol/encoding.ts';
import { decodeSignedReceipt, encodeReceipt } from '../../shared/protocol/receipt.ts';
import { seededRandom } from '../../test/contracts/fakes.ts';
import { ADDRESS, openWorkbench, type Workbench } from './testdata/bench-worker.ts';
import { type Directed, type Director, director } from './testdata/director.ts';
import { installTinyModel, tinyAnswer } from './testdata/tiny-model.ts';
import { startWorkerHost } from './worker-host.ts';

/** In all, over both hosts. */
const KILLS = 100;
const IN_FLIGHT = 6;
const STAGES = TINY_CUTS.length + 1;

let bench: Workbench;
let model: string;
beforeAll(async () => {
  bench = await openWorkbench();
  ({ model } = await installTinyModel(bench.worker.blobs, TINY_CUTS));
});
afterAll(() => bench.close());

const inputOf = (queryId: number): Uint8Array =>
  Uint8Array.from({ length: 40 }, (_, i) => (queryId * 31 + i * 7) % 256);

const isDone = (stages: Awaited<ReturnType<Director['stages']>>): boolean =>
  stages.length === STAGES && stages.every((stage) => stage.state === 'done');

/** Queries one after another, some at a time, while workers are killed; each at any point of what its queries do. */
const massacre = async (workers: number, kills: number, seed: number): Promise<Director> => {
  const random = seededRandom(seed);
  const told: Director = director({ store: bench.worker.store, model, stages: STAGES }, () => host);
  const host = startWorkerHost({
    isolation: 'processes',
    workers,
    onLost: told.lost,
    settings: {
      storePath: bench.storePath,
      blobsFolder: bench.blobsFolder,
      name: `kill-${seed}`,
      address: ADDRESS,
      receiptSeed: bench.receiptSeed,
      leaseMs: 60_000,
      maxSessions: 4,
    },
  });
  const open = new Set<number>();
  const seen = new Set<string>();
  // A host gives up a worker that dies three times without having been ready: so once at most until it did something.
  const fresh = new Map<number, number>();
  const deadBefore = new Map<number, number>();
  let asked = 0;
  let killed = 0;
  /** Of those killed, how many have been seen dead. */
  let dead = 0;
  let untilKill = 1;

  /** @returns how many stages went on since the last look */
  const look = async (): Promise<number> => {
    const before = seen.size;
    for (const queryId of open) {
      const stages = await told.stages(queryId);
      for (const { state, job, worker } of stages) {
        const event = `${queryId}/${job.stage}/${job.epoch}/${state}`;
        if (!seen.has(event)) fresh.set(Number(worker.split('/')[1]), 0);
        seen.add(event);
      }
      if (!isDone(stages)) continue;
      open.delete(queryId);
      // A kill places a query again once at most.
      const kills = killed - (deadBefore.get(queryId) ?? 0);
      expect(told.queries.get(queryId)?.restarts).toBeLessThanOrEqual(kills);
    }
    return seen.size - before;
  };

  const kill = async (): Promise<void> => {
    for (let turns = random.below(60); turns > 0; turns--) await turn();
    const victim = random.below(workers);
    const already = fresh.get(victim) ?? 1;
    if (already > 1) return;
    fresh.set(victim, already + 1);
    killed += 1;
    void host.restart(victim).then(() => dead++);
  };

  while (killed < kills || open.size > 0) {
    for (; open.size < IN_FLIGHT && killed < kills; asked++) {
      const queryId = seed * 10_000 + asked;
      open.add(queryId);
      deadBefore.set(queryId, dead);
      await told.ask(queryId, await bench.worker.blobs.put(inputOf(queryId)));
    }
    await delay(2);
    await told.settled();
    untilKill -= await look();
    if (killed >= kills || untilKill > 0) continue;
    await kill();
    untilKill = 1 + random.below(8);
  }
  await host.stop(20_000);
  await told.settled();
  expect(killed).toBe(kills);
  return told;
};

/** The result is right, the receipts join, and what was done once was not done again. */
const check = async (told: Director, query: Directed): Promise<void> => {
  const { blobs } = bench.worker;
  const stages = await told.stages(query.queryId);
  expect(isDone(stages)).toBe(true);
  let joint = toHex(rawDigest(inputOf(query.queryId)));
  for (const stage of stages) {
    if (stage.state !== 'done') throw new Error(`stage ${stage.job.stage} is ${stage.state}`);
    expect(stage.inRoot).toBe(joint);
    const { receipt, signature } = decodeSignedReceipt(await blobs.get(stage.receipt));
    expect(ed25519.verify(signature, encodeReceipt(receipt), bench.receiptKey)).toBe(true);
    expect([toHex(receipt.inRoot), toHex(receipt.outRoot)]).toEqual([stage.inRoot, stage.outRoot]);
    joint = stage.outRoot;
  }
  const last = stages.at(-1);
  const result = last?.state === 'done' ? await blobs.get(last.output) : undefined;
  expect(result && new Uint8Array(result)).toEqual(tinyAnswer(inputOf(query.queryId)));
  for (const left of query.left) {
    // Those done stay as they were. The first of the others is redone; later ones had begun with what it handed over,
    // and their workers keep what came of it (run-stage.test.ts).
    const done = left.filter((stage) => stage.state === 'done');
    expect(stages.slice(0, done.length)).toEqual(done);
    expect(left.slice(done.length).every((stage) => stage.state === 'claimed')).toBe(true);
  }
};

describe('kill -9 of worker processes in mid-query', () => {
  it(`loses no query, answers each once, and redoes no stage that was done: ${KILLS} times`, async () => {
    const hosts = await Promise.all([massacre(2, 0.4 * KILLS, 1), massacre(3, 0.6 * KILLS, 2)]);
    const queries = hosts.flatMap((told) => [...told.queries.values()].map((query) => ({ told, query })));
    for (const { told, query } of queries) await check(told, query);
    const entries = await bench.worker.store.due<OutboxEntry>(OUTBOX, Number.MAX_SAFE_INTEGER, 1000);
    const ends = entries.map(({ body }) => body.message.group);
    expect(ends).toHaveLength(queries.length);
    expect(new Set(ends).size).toBe(queries.length);
    const restarts = queries.reduce((sum, { query }) => sum + query.restarts, 0);
    expect(restarts).toBeGreaterThan(KILLS / 4);
  }, 300_000);
});
