import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StageJob, StageState, stageKey } from '../../../shared/messages/stage-job.ts';
import type { JobHost } from '../../../shared/ports/job-host.ts';
import { utf8 } from '../../../shared/protocol/encoding.ts';
import { presenceKey, WORKERS } from '../../../shared/rows/workers.ts';
import { place } from '../../../workers/inference/testdata/bench-cloud-worker.ts';
import { jobsOf } from '../../../workers/inference/testdata/bench-worker.ts';
import { installTinyModel, tinyAnswer } from '../../../workers/inference/testdata/tiny-model.ts';
import { type JobHostFixture, jobHostContract } from '../../contracts/job-host.ts';
import type { Container } from '../batch-server/container.ts';
import { until } from '../harness.ts';
import { openWorkerHouse, type WorkerHouse } from '../worker-house.ts';

const INPUT = utf8('what a job host in the cloud must do');
let house: WorkerHouse;
let model: string;
let input: string;
let queryId = 0;

beforeAll(async () => {
  house = await openWorkerHouse();
  ({ model } = await installTinyModel(house.blobs));
  input = await house.blobs.put(INPUT);
});
afterAll(() => house?.stop());

const jobs = (): StageJob[] => jobsOf(model, input, 2, { queryId: ++queryId });
const stateOf = async (job: StageJob): Promise<StageState | undefined> => {
  const row = await house.store.get(stageKey(job.run, job.stage));
  const state = row && StageState.parse(row.body);
  return state?.job.epoch === job.epoch ? state : undefined;
};
const ended = (job: StageJob): Promise<StageState> =>
  until(`stage ${job.stage} of query ${job.run.queryId}`, async () => {
    const state = await stateOf(job);
    return state?.state === 'claimed' ? undefined : state;
  });

/** Kept before any worker hears of it, as start-job does. */
const placing = (host: JobHost): JobHost => ({
  start: async (placed, terms) => {
    await place(house.store, placed);
    return await host.start(placed, terms);
  },
});
const fixture = (host: () => JobHost, close: () => Promise<void>): JobHostFixture => ({
  host: placing({ start: (placed, terms) => host().start(placed, terms) }),
  jobs: async () => jobs(),
  ended,
  output: async (state) => {
    if (state.state !== 'done') throw new Error(`the stage is ${state.state}`);
    return Buffer.from(await house.blobs.get(state.output)).toString('hex');
  },
  expected: Buffer.from(tinyAnswer(INPUT)).toString('hex'),
  close,
});

jobHostContract('AWS Batch (simulated), workers as child processes', async () =>
  fixture(
    () => house.batchHost,
    async () => undefined,
  ),
);

jobHostContract('warm workers over SQS', async () => {
  const worker = house.startWarmWorker();
  return fixture(
    () => house.warmHost,
    async () => {
      worker.stop();
      expect(await worker.ended, worker.log).toEqual({ exitCode: 0 });
    },
  );
});

describe('a Batch job', () => {
  const start = (placed: readonly StageJob[]) => placing(house.batchHost).start(placed);
  const jobsNamed = (id: string | undefined) => house.batch.jobs().filter((job) => job.id === id);

  it('is submitted once when the answer to its submit is lost', async () => {
    const before = house.batch.jobs().length;
    house.batch.loseSubmitAnswers(1);
    const placed = jobs().slice(0, 1);
    const started = await start(placed);
    expect(started).toMatchObject({ outcome: 'already-started', jobId: expect.any(String) });
    expect(house.batch.jobs()).toHaveLength(before + 1);
    expect((await ended(placed[0]!)).state).toBe('done');
  });

  it('goes on in its second attempt where the first, whose machine was taken away, had claimed', async () => {
    const placed = jobs();
    house.batch.hold('CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY');
    const started = await start(placed);
    if (started.outcome === 'refused') expect.fail(started.reason);
    const child = house.batch.jobs().find(({ id }) => id === `${started.jobId}:0`) ?? expect.fail('no child');
    // As its first attempt would, a moment before its machine is gone.
    const body: StageState = {
      state: 'claimed',
      job: placed[0]!,
      worker: `batch/${child.id}/1`,
      leaseUntilMs: Number.MAX_SAFE_INTEGER,
    };
    house.batch.hold(undefined);
    await until('the first attempt', async () => (child.status === 'RUNNING' ? true : undefined));
    house.batch.reclaim(child);
    const { pk, sk } = stageKey(placed[0]!.run, 0);
    const done = (await stateOf(placed[0]!))?.state === 'done';
    if (!done) await house.store.transact([{ kind: 'put', key: { pk, sk }, body, expect: 'any' }]);
    const first = await ended(placed[0]!);
    expect(first).toMatchObject({ state: 'done', ...(!done && { worker: `batch/${child.id}/2` }) });
    expect((await ended(placed[1]!)).state).toBe('done');
    const [state] = await house.watch.describe([child.id]);
    expect(state).toMatchObject({ status: 'SUCCEEDED', attempts: 2 });
  });

  it('tells why it waits, and is not known under an id that never was', async () => {
    house.batch.hold('MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT');
    const placed = jobs().slice(0, 1);
    const started = await start(placed);
    const id = started.outcome === 'refused' ? '' : (started.jobId ?? '');
    const state = await until('the reason', async () => {
      const [found] = await house.watch.describe([id, 'no-such-job']);
      return found?.reason === undefined ? undefined : found;
    });
    expect(state).toMatchObject({
      id,
      status: 'RUNNABLE',
      reason: expect.stringContaining('JOB_RESOURCE_REQUIREMENT'),
    });
    house.batch.hold(undefined);
    expect((await ended(placed[0]!)).state).toBe('done');
    expect(jobsNamed(id)).toHaveLength(1);
  });
});

describe('a warm worker', () => {
  let worker: Container;
  afterAll(async () => {
    worker?.kill();
    await worker?.ended;
  });

  it('says that it is there, takes that back on SIGTERM, and exits with 0', async () => {
    worker = house.startWarmWorker();
    const present = await until('its presence', async () => {
      const rows = await house.store.list<{ worker: string }>(WORKERS, { prefix: 'presence/', limit: 10 });
      return rows[0]?.body.worker;
    });
    worker.stop();
    expect(await worker.ended, worker.log).toEqual({ exitCode: 0 });
    expect(await house.store.get(presenceKey(present))).toBeUndefined();
  });
});
