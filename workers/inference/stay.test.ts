import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TransientError } from '../../shared/errors.ts';
import { QUEUES } from '../../shared/messages/queues.ts';
import { type StageJob, StageState, stageKey } from '../../shared/messages/stage-job.ts';
import { OUTBOX, type OutboxEntry } from '../../shared/outbox.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Store } from '../../shared/ports/store.ts';
import { runKey } from '../../shared/rows/run.ts';
import { PresenceRow, presenceKey } from '../../shared/rows/workers.ts';
import { currentTrace, tracedStore } from '../../shared/trace.ts';
import { replace } from '../../test/jobs/replace.ts';
import type { CloudWorker } from './cloud-worker.ts';
import { live } from './life.ts';
import { stay } from './stay.ts';
import { cloudWorker, place } from './testdata/bench-cloud-worker.ts';
import { jobsOf, openWorkbench, type Workbench } from './testdata/bench-worker.ts';
import { installTinyModel } from './testdata/tiny-model.ts';

/** Time that passes only in short sleeps, which a worker takes while it has nothing to do: work takes none, however slow the machine. */
class IdleClock implements Clock {
  ms = 1_000_000;
  #sleepers: { readonly untilMs: number; readonly wake: () => void }[] = [];

  nowMs = (): number => this.ms;
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await new Promise<void>((wake) => {
      this.#sleepers.push({ untilMs: this.ms + ms, wake });
      signal?.addEventListener('abort', () => wake());
      if (ms <= 1_000) setImmediate(() => this.#pass(ms));
    });
    signal?.throwIfAborted();
  }
  #pass(ms: number): void {
    this.ms += ms;
    const awake = this.#sleepers.filter(({ untilMs }) => untilMs <= this.ms);
    this.#sleepers = this.#sleepers.filter(({ untilMs }) => untilMs > this.ms);
    for (const { wake } of awake) wake();
  }
}

let bench: Workbench;
let clock: IdleClock;
let worker: CloudWorker & { lines: string[] };
let jobs: StageJob[];
const never = new AbortController().signal;

beforeEach(async () => {
  bench = await openWorkbench();
  clock = new IdleClock();
  worker = { ...cloudWorker(bench, clock), lingerMs: 30_000 };
  const { model } = await installTinyModel(bench.worker.blobs);
  jobs = jobsOf(model, await bench.worker.blobs.put(Uint8Array.of(1, 2, 3)), 2);
});
afterEach(() => bench.close());

const tell = (body: string) => worker.queue.send('stage-jobs', [{ id: 'm', group: 'g', body }]);
const tellOf = (job: StageJob) => tell(JSON.stringify({ run: job.run, epoch: job.epoch }));
const stateOf = async (stage: number) => {
  const row = await bench.worker.store.get(stageKey(jobs[0]!.run, stage));
  return row && StageState.parse(row.body);
};
const depth = () => worker.queue.depth('stage-jobs');
const EMPTY = { visible: 0, inFlight: 0, delayed: 0, dead: 0 };

describe('a worker that stays', () => {
  it('runs what it is told, then ends when it had nothing to do for so long, and takes its presence back', async () => {
    await place(bench.worker.store, jobs);
    await tellOf(jobs[0]!);
    const beganMs = clock.ms;
    let present: unknown;
    const queue = replace(worker.queue, {
      receive: async (name, max) => {
        present ??= (await bench.worker.store.get(presenceKey(worker.worker)))?.body;
        return await worker.queue.receive(name, max);
      },
    });
    await stay({ ...worker, queue }, never);
    expect((await stateOf(1))?.state).toBe('done');
    expect(await depth()).toEqual(EMPTY);
    expect(clock.ms - beganMs).toBeGreaterThanOrEqual(30_000);
    expect(PresenceRow.parse(present)).toMatchObject({ worker: 'warm/bench' });
    expect(await bench.worker.store.get(presenceKey(worker.worker))).toBeUndefined();
  });

  it('ends after its life even if there is always something to do', async () => {
    const queue = replace(worker.queue, {
      receive: async () => {
        clock.ms += 1_000;
        return [{ id: 'm', group: 'g', body: 'nonsense', receipt: 'r', receiveCount: 1, sentAtMs: 0 }];
      },
    });
    await stay({ ...worker, queue, lifeMs: 60_000 }, never);
    expect(worker.lines.filter((line) => line.includes('nobody here can read')).length).toBeLessThanOrEqual(60);
  });

  it('drops messages of epochs that are over, and what is no message', async () => {
    await place(bench.worker.store, jobsOf(jobs[0]!.model, 'ab'.repeat(32), 2, { epoch: 2 }));
    await tellOf(jobs[0]!);
    await tell('nonsense');
    await stay(worker, never);
    expect(await stateOf(0)).toBeUndefined();
    expect(await depth()).toEqual(EMPTY);
  });

  it('keeps its message hidden while a stage takes longer than the time-out', async () => {
    await place(bench.worker.store, jobs);
    await tellOf(jobs[0]!);
    let seen: unknown[] | undefined;
    const blobs = replace(bench.worker.blobs, {
      get: async (hash) => {
        if (!seen) {
          clock.ms += QUEUES['stage-jobs'].visibilityMs + 1;
          seen = await worker.queue.receive('stage-jobs', 1);
        }
        return await bench.worker.blobs.get(hash);
      },
    });
    await stay({ ...worker, blobs }, never);
    expect(seen).toEqual([]);
    expect((await stateOf(1))?.state).toBe('done');
  });

  it('reports a stage that failed for now as lost, to be placed again a little later', async () => {
    const { run, queryHash, model } = jobs[0]!;
    const row = { run, queryHash, model, inputHash: queryHash, state: 'running', history: [] };
    await bench.worker.store.transact([{ kind: 'put', key: runKey(run), body: row, expect: 'absent' }]);
    await place(bench.worker.store, jobs);
    await tellOf(jobs[0]!);
    const blobs = replace(bench.worker.blobs, {
      put: () => Promise.reject(new TransientError('aws-throttled', 'slow down')),
    });
    await stay({ ...worker, blobs }, never);
    expect(await depth()).toEqual(EMPTY);
    const [lost] = await bench.worker.store.due<OutboxEntry>(OUTBOX, Number.MAX_SAFE_INTEGER, 10);
    expect(lost?.body).toMatchObject({ queue: 'start-job', message: { delayMs: 1_000 } });
    expect(JSON.parse(lost?.body.message.body ?? '')).toMatchObject({ lost: { stage: 0, epoch: 1 } });
  });

  it('gives a message back when the store does not answer before anything was begun', async () => {
    await place(bench.worker.store, jobs);
    await tellOf(jobs[0]!);
    let calls = 0;
    const get: Store['get'] = async (key) => {
      if (calls++ === 0) throw new TransientError('aws-unreachable', 'no answer');
      return await bench.worker.store.get(key);
    };
    const store = replace(bench.worker.store, { get });
    await stay({ ...worker, store }, never);
    expect((await stateOf(1))?.state).toBe('done');
    expect(await depth()).toEqual(EMPTY);
  });

  it('passes on the trace of what told it', async () => {
    await place(bench.worker.store, jobs);
    await tellOf(jobs[0]!);
    const queue = replace(worker.queue, {
      receive: async (name, max) =>
        (await worker.queue.receive(name, max)).map((message) => ({ ...message, trace: 'Root=1-a' })),
    });
    await stay({ ...worker, queue, store: tracedStore(bench.worker.store, currentTrace) }, never);
    const [row] = await bench.worker.store.due<OutboxEntry>(OUTBOX, Number.MAX_SAFE_INTEGER, 9);
    expect(row?.body.message.trace).toBe('Root=1-a');
  });

  it('takes nothing more once it is told to stop, and gives back what came at that moment', async () => {
    await place(bench.worker.store, jobs);
    await tellOf(jobs[0]!);
    const stop = new AbortController();
    const queue = replace(worker.queue, {
      receive: async (name, max) => {
        const messages = await worker.queue.receive(name, max);
        stop.abort();
        return messages;
      },
    });
    await stay({ ...worker, queue }, stop.signal);
    expect(await stateOf(0)).toBeUndefined();
    expect((await depth()).visible).toBe(1);
    expect(await bench.worker.store.get(presenceKey(worker.worker))).toBeUndefined();
  });
});

describe('the life of a container', () => {
  const job = (epoch = 1) => ({
    placement: { run: jobs[0]!.run, epoch },
    arrayIndex: undefined,
    trace: undefined,
    worker: worker.worker,
    replaces: new Set<string>(),
  });
  const stayed = () => worker.lines.some((line) => line.includes('stays as a warm worker'));

  it('stays after the job that it was started for', async () => {
    await place(bench.worker.store, jobs);
    expect(await live(worker, job(), never)).toBe(0);
    expect((await stateOf(1))?.state).toBe('done');
    expect(stayed()).toBe(true);
  });

  it('ends at once when it came too late and another worker is there', async () => {
    await place(bench.worker.store, jobsOf(jobs[0]!.model, 'ab'.repeat(32), 2, { epoch: 2 }));
    const other: PresenceRow = { worker: 'warm/other', free: false, expiresMs: clock.ms + 60_000 };
    await bench.worker.store.transact([{ kind: 'put', key: presenceKey('warm/other'), body: other, expect: 'absent' }]);
    expect(await live(worker, job(), never)).toBe(0);
    expect(stayed()).toBe(false);
  });

  it('stays when it came too late and nobody else is there', async () => {
    await place(bench.worker.store, jobsOf(jobs[0]!.model, 'ab'.repeat(32), 2, { epoch: 2 }));
    expect(await live(worker, job(), never)).toBe(0);
    expect(stayed()).toBe(true);
  });
});
