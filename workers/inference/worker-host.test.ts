import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type StageJob, StageState, stageKey } from '../../shared/messages/stage-job.ts';
import { TINY_CUTS } from '../../shared/model/onnx/testdata/tiny-onnx.ts';
import { decodeSignedReceipt } from '../../shared/protocol/receipt.ts';
import { inlineHost } from './inline-host.ts';
import { installOcrModel } from './install-ocr.ts';
import { ADDRESS, jobsOf, openWorkbench, type Workbench } from './testdata/bench-worker.ts';
import { drawText, TICKET, textOf } from './testdata/draw-text.ts';
import { installTinyModel, tinyAnswer } from './testdata/tiny-model.ts';
import {
  ISOLATIONS,
  type Isolation,
  type LostJob,
  type Moved,
  startWorkerHost,
  type WorkerHost,
  type WorkerHostOptions,
  workerOf,
} from './worker-host.ts';

const GRACE_MS = 20_000;
/** Large, so that the detector takes long enough to be interrupted. */
const PAGE = { ...TICKET, widthPixels: 960, heightPixels: 960 };
let bench: Workbench;
let ocr: string;
let tiny: string;
let image: string;
let pageImage: string;
let lost: LostJob[] = [];
let queryId = 100;

const startHost = (
  isolation: Isolation,
  workers: number,
  settings: Partial<{ storePath: string }> = {},
  more: Pick<WorkerHostOptions, 'assignment' | 'onMoved'> = {},
): WorkerHost =>
  startWorkerHost({
    isolation,
    ...more,
    workers,
    onLost: (job) => lost.push(job),
    settings: {
      storePath: bench.storePath,
      blobsFolder: bench.blobsFolder,
      name: 'test',
      address: ADDRESS,
      receiptSeed: bench.receiptSeed,
      leaseMs: 60_000,
      maxSessions: 4,
      ...settings,
    },
  });

beforeAll(async () => {
  bench = await openWorkbench();
  ocr = (await installOcrModel(bench.worker.blobs)).model;
  tiny = (await installTinyModel(bench.worker.blobs)).model;
  image = await bench.worker.blobs.put(await drawText(TICKET));
  pageImage = await bench.worker.blobs.put(await drawText(PAGE));
});
afterAll(() => bench.close());
beforeEach(() => {
  lost = [];
  queryId += 1;
});

const stateOf = async (job: StageJob): Promise<StageState | undefined> => {
  const row = await bench.worker.store.get(stageKey(job.run, job.stage));
  return row && StageState.parse(row.body);
};

const until = async <T>(what: string, probe: () => Promise<T | undefined>): Promise<T> => {
  for (let tries = 0; tries < 3000; tries++) {
    const found = await probe();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited for ${what} in vain`);
};

const ended = (job: StageJob) =>
  until(`stage ${job.stage}`, async () => {
    const state = await stateOf(job);
    return state?.state === 'done' && state.job.epoch === job.epoch ? state : undefined;
  });

/** Resolves when the host has heard that these jobs landed: it then starts them again. */
const settled = (host: WorkerHost, jobs: readonly StageJob[]): Promise<true> =>
  until('the landing', async () => ((await host.start(jobs)).outcome === 'started' ? true : undefined));

const textAt = async (hash: string): Promise<string> => new TextDecoder().decode(await bench.worker.blobs.get(hash));

describe('workers of stages', () => {
  it('keep their stages, neighbours together, the first alone', () => {
    expect([0, 1, 2].map((stage) => workerOf(stage, 3, 2))).toEqual([0, 1, 1]);
    expect([0, 1].map((stage) => workerOf(stage, 2, 2))).toEqual([0, 1]);
    expect([0, 1].map((stage) => workerOf(stage, 2, 8))).toEqual([0, 1]);
    expect([0, 1, 2, 3].map((stage) => workerOf(stage, 4, 2))).toEqual([0, 0, 1, 1]);
    expect([0, 1, 2].map((stage) => workerOf(stage, 3, 1))).toEqual([0, 0, 0]);
  });

  it('may be others, that send a run back and forth between workers', async () => {
    const { model } = await installTinyModel(bench.worker.blobs, TINY_CUTS);
    const input = Uint8Array.of(1, 2, 3);
    const jobs = jobsOf(model, await bench.worker.blobs.put(input), 4, { queryId });
    const own = startHost('processes', 2, {}, { assignment: () => [1, 0, 0, 1] });
    await own.start(jobs);
    const last = await ended(jobs[3]!);
    expect(new Uint8Array(await bench.worker.blobs.get(last.output))).toEqual(tinyAnswer(input));
    const workers = await Promise.all(jobs.map(async (job) => (await stateOf(job))?.worker));
    expect(workers).toEqual(['test/1', 'test/0', 'test/0', 'test/1']);
    await own.stop(GRACE_MS);
  });
});

describe('stages that may move between runs', () => {
  const workersOf = async (jobs: readonly StageJob[]): Promise<number[]> =>
    Promise.all(jobs.map(async (job) => Number((await ended(job)).worker.split('/')[1])));

  it.each([
    ['ocr', [0, 0, 0]],
    ['tiny', [0, 0, 0, 1]],
  ])('of %s give the same bytes, wherever they run', async (name, bad) => {
    const few = Uint8Array.of(1, 2, 3);
    const [model, input, answer] =
      name === 'ocr'
        ? [ocr, image, textOf(TICKET)]
        : [
            (await installTinyModel(bench.worker.blobs, TINY_CUTS)).model,
            await bench.worker.blobs.put(few),
            new TextDecoder().decode(tinyAnswer(few)),
          ];
    const moves: Moved[] = [];
    const own = startHost('threads', 2, {}, { assignment: () => bad, onMoved: (moved) => moves.push(moved) });
    const outputs = new Set<string>();
    let present: readonly number[] = bad;
    for (let run = 0; run < 12; run++) {
      const jobs = jobsOf(model, input, bad.length, { queryId: 1000 * queryId + run });
      expect(await own.start(jobs)).toEqual({ outcome: 'started' });
      expect(await workersOf(jobs)).toEqual(present);
      outputs.add((await ended(jobs.at(-1)!)).output);
      // The last report may come after the row: no run in flight changes its workers, the next may.
      await settled(own, jobs);
      present = moves.at(-1)?.after ?? bad;
    }
    await own.stop(GRACE_MS);
    expect(await Promise.all([...outputs].map(textAt))).toEqual([answer]);
    for (const { before, after, because } of moves) {
      expect(after).not.toEqual(before);
      expect(because).toMatch(/^the slowest would take .* on worker/);
    }
    // After one move the next look is 16 runs away.
    expect(moves.length).toBeLessThanOrEqual(1);
  });

  it('take a lost stage along, in the middle of its query', async () => {
    let moved = false;
    const own = startHost('threads', 2, {}, { assignment: () => [0, 0, 0], onMoved: () => (moved = true) });
    for (let run = 0; run < 8; run++) {
      const jobs = jobsOf(ocr, image, 3, { queryId: 1000 * queryId + run });
      await own.start(jobs);
      await ended(jobs[2]!);
    }
    // A long query, begun before the move or after it: what is placed again goes where stages are now.
    const jobs = jobsOf(ocr, pageImage, 3, { queryId });
    await own.start(jobs);
    const claimed = await until('the claim', async () => {
      const state = await stateOf(jobs[0]!);
      return state?.state === 'claimed' ? state : undefined;
    });
    await own.restart(Number(claimed.worker.split('/')[1]));
    await until('the loss', async () => lost[0]);
    const redo = jobsOf(ocr, pageImage, 3, { queryId, epoch: 2 });
    await own.start(redo);
    expect(await textAt((await ended(redo[2]!)).output)).toBe(textOf(PAGE));
    if (moved) expect(new Set(await workersOf(redo)).size).toBe(2);
    await own.stop(GRACE_MS);
  });
});

describe.each(ISOLATIONS)('a host of workers in %s', (isolation) => {
  let host: WorkerHost;
  beforeAll(() => {
    host = startHost(isolation, 2);
  });
  afterAll(() => host.stop(GRACE_MS));

  it('runs an image through three stages on two workers', async () => {
    const jobs = jobsOf(ocr, image, 3, { queryId });
    expect(await host.start(jobs)).toEqual({ outcome: 'started' });
    expect(await host.start(jobs)).toEqual({ outcome: 'already-started' });
    const last = await ended(jobs[2]!);
    expect(await textAt(last.output)).toBe(textOf(TICKET));
    const workers = await Promise.all(jobs.map(async (job) => (await stateOf(job))?.worker));
    expect(workers).toEqual(['test/0', 'test/1', 'test/1']);
    expect(lost).toEqual([]);
    // Other workers with sessions of their own give the same bytes as this one.
    const here = jobsOf(ocr, image, 3, { queryId: queryId + 5000 });
    await inlineHost(bench.worker).start(here);
    expect((await ended(here[2]!)).outRoot).toBe(last.outRoot);
    expect((await ended(here[1]!)).outRoot).toBe(last.inRoot);
  });

  it('gives what was done again, however often it is asked', async () => {
    const jobs = jobsOf(ocr, image, 3, { queryId });
    // More than the links' windows hold, of which the later stages take nothing any more.
    for (let times = 0; times < 12; times++) {
      await settled(host, jobs);
      await ended(jobs[2]!);
    }
    expect(lost).toEqual([]);
  });

  it('runs many at once', async () => {
    const inputs = Array.from({ length: 20 }, (_, i) => Uint8Array.of(i, 2 * i, 255 - i));
    const chains = await Promise.all(
      inputs.map(async (bytes, i) =>
        jobsOf(tiny, await bench.worker.blobs.put(bytes), 2, { queryId: 1000 * queryId + i }),
      ),
    );
    await Promise.all(chains.map((jobs) => host.start(jobs)));
    for (const [i, jobs] of chains.entries()) {
      const state = await ended(jobs[1]!);
      expect(new Uint8Array(await bench.worker.blobs.get(state.output))).toEqual(tinyAnswer(inputs[i]!));
    }
    expect(lost).toEqual([]);
  });

  it('keeps several runs in flight, each worker at another one', async () => {
    const chains = Array.from({ length: 8 }, (_, i) => jobsOf(ocr, image, 3, { queryId: 1000 * queryId + i }));
    for (const jobs of chains) await host.start(jobs);
    const runs = await Promise.all(
      chains.map(async (jobs) =>
        Promise.all(
          jobs.map(async (job) => {
            const { receipt } = await ended(job);
            return decodeSignedReceipt(await bench.worker.blobs.get(receipt)).receipt;
          }),
        ),
      ),
    );
    const overlapping = runs.slice(1).filter(([first], i) => {
      const [, second, third] = runs[i]!;
      return first!.startedMs < third!.endedMs && second!.startedMs < first!.endedMs;
    });
    expect(overlapping.length).toBeGreaterThan(0);
    expect(lost).toEqual([]);
  });

  it('reports the job of a worker that dies, and runs it again in the next epoch', async () => {
    const jobs = jobsOf(ocr, pageImage, 3, { queryId });
    await host.start(jobs);
    await until('the claim', async () => ((await stateOf(jobs[0]!))?.state === 'claimed' ? true : undefined));
    await host.restart(0);
    await until('the loss', async () => lost[0]);
    expect(lost).toMatchObject([{ job: { stage: 0, epoch: 1 } }]);
    const redo = jobsOf(ocr, pageImage, 3, { queryId, epoch: 2 });
    expect(await host.start(redo)).toEqual({ outcome: 'started' });
    expect(await textAt((await ended(redo[2]!)).output)).toBe(textOf(PAGE));
    expect(lost).toHaveLength(1);
  });

  it('reports a later stage when the stages before it are done, and takes it up from their blob', async () => {
    const jobs = jobsOf(ocr, pageImage, 3, { queryId });
    await host.start(jobs);
    await until('the claim', async () => ((await stateOf(jobs[0]!))?.state === 'claimed' ? true : undefined));
    // The worker of stages 1 and 2 dies while stage 0 still runs elsewhere.
    await host.restart(1);
    await until('the loss', async () => lost[0]);
    expect(lost).toMatchObject([{ job: { stage: 1 } }]);
    const first = await ended(jobs[0]!);
    const redo = jobsOf(ocr, first.output, 3, { queryId, from: 1, epoch: 2 });
    await host.start(redo);
    expect(await textAt((await ended(redo[1]!)).output)).toBe(textOf(PAGE));
  });

  it('ends a run whose input is no image, without losing anything', async () => {
    const jobs = jobsOf(ocr, await bench.worker.blobs.put(Uint8Array.of(1, 2, 3)), 3, { queryId });
    await host.start(jobs);
    const failed = await until('the failure', async () => {
      const state = await stateOf(jobs[0]!);
      return state?.state === 'failed' ? state : undefined;
    });
    expect(failed.code).toBe('not-an-image');
    // The later stages were given up, so the same jobs are not in flight any more.
    await until('the end', async () => ((await host.start(jobs)).outcome === 'started' ? true : undefined));
    expect(await stateOf(jobs[1]!)).toBeUndefined();
    expect(lost).toEqual([]);
  });

  it('reports a job that could not be done for now', async () => {
    const jobs = jobsOf(tiny, 'ef'.repeat(32), 2, { queryId });
    await host.start(jobs);
    await until('the report', async () => lost[0]);
    expect(lost[0]).toMatchObject({ job: { stage: 0 }, reason: expect.stringContaining('blob-missing') });
  });

  it('refuses jobs that are not consecutive', async () => {
    const [first, second] = jobsOf(tiny, image, 2, { queryId });
    expect(await host.start([second!, first!])).toMatchObject({ outcome: 'refused' });
    expect(await host.start([second!])).toMatchObject({ outcome: 'refused' });
  });
});

describe.each(ISOLATIONS)('stopping workers in %s', (isolation) => {
  it('lets jobs in flight end and takes no more', async () => {
    const own = startHost(isolation, 2);
    const jobs = jobsOf(ocr, image, 3, { queryId });
    await own.start(jobs);
    await own.stop(GRACE_MS);
    expect((await stateOf(jobs[2]!))?.state).toBe('done');
    expect(await own.start(jobsOf(tiny, image, 2, { queryId: 1 }))).toEqual({
      outcome: 'refused',
      reason: 'the host is stopping',
    });
    expect(lost).toEqual([]);
  });

  it('tells why when workers do not start', async () => {
    const own = startHost(isolation, 1, { storePath: '/nowhere/at/all/store.sqlite' });
    const refused = await until('the refusal', async () => {
      const result = await own.start([]);
      return result.outcome === 'refused' ? result : undefined;
    });
    expect(refused.reason).toContain('worker 0 does not start');
    await own.stop(0);
  });
});
