import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TransientError } from '../../shared/errors.ts';
import { JOBS_VARIABLE, type StageJob, StageState, stageKey } from '../../shared/messages/stage-job.ts';
import { OUTBOX } from '../../shared/outbox.ts';
import { StartTimesRow, startTimesKey } from '../../shared/rows/workers.ts';
import { FakeClock } from '../../test/contracts/fakes.ts';
import { replace } from '../../test/jobs/replace.ts';
import { type BatchJob, readBatchJob, runBatchJob } from './batch-job.ts';
import type { CloudWorker } from './cloud-worker.ts';
import { cloudWorker, place } from './testdata/bench-cloud-worker.ts';
import { jobsOf, openWorkbench, type Workbench } from './testdata/bench-worker.ts';
import { installTinyModel, tinyAnswer } from './testdata/tiny-model.ts';

const INPUT = Uint8Array.of(1, 2, 3, 250);
let bench: Workbench;
let worker: CloudWorker;
let jobs: StageJob[];

beforeEach(async () => {
  bench = await openWorkbench();
  worker = cloudWorker(bench, new FakeClock(100_000), 'unnamed');
  const { model } = await installTinyModel(bench.worker.blobs);
  jobs = jobsOf(model, await bench.worker.blobs.put(INPUT), 2);
});
afterEach(() => bench.close());

const variables = (attempt = 1, index?: number, epoch = 1): Record<string, string> => ({
  [JOBS_VARIABLE]: JSON.stringify({ run: jobs[0]?.run, epoch }),
  AWS_BATCH_JOB_ID: index === undefined ? 'job' : `job:${index}`,
  AWS_BATCH_JOB_ATTEMPT: String(attempt),
  ...(index !== undefined && { AWS_BATCH_JOB_ARRAY_INDEX: String(index) }),
});
const run = (env: Record<string, string>, over: Partial<CloudWorker> = {}) => {
  const job = readBatchJob(env) as BatchJob;
  return runBatchJob({ ...worker, worker: job.worker, replaces: job.replaces, ...over }, job);
};
const stateOf = async (stage: number): Promise<StageState | undefined> => {
  const row = await bench.worker.store.get(stageKey(jobs[stage]!.run, stage));
  return row && StageState.parse(row.body);
};

describe('a Batch job', () => {
  it('runs all stages of its placement in a plain job, and notes how long they waited', async () => {
    await place(bench.worker.store, jobs, { on: 'batch', placedMs: 58_000 });
    expect(await run(variables())).toEqual({ code: 0, mayStay: true, inTime: true });
    const last = await stateOf(1);
    expect(last).toMatchObject({ state: 'done', worker: 'batch/job/1' });
    if (last?.state === 'done')
      expect(new Uint8Array(await bench.worker.blobs.get(last.output))).toEqual(tinyAnswer(INPUT));
    const times = await bench.worker.store.get(startTimesKey('batch'));
    expect(StartTimesRow.parse(times?.body).timesMs).toEqual([42_000]);
    expect(await bench.worker.store.due(OUTBOX, Number.MAX_SAFE_INTEGER, 10)).toHaveLength(1);
  });

  it('runs one stage in each child of an array, from what the one before has kept', async () => {
    await place(bench.worker.store, jobs);
    expect(await run(variables(1, 0))).toEqual({ code: 0, mayStay: false, inTime: true });
    expect(await stateOf(1)).toBeUndefined();
    expect(await run(variables(1, 1))).toEqual({ code: 0, mayStay: true, inTime: true });
    const [first, second] = [await stateOf(0), await stateOf(1)];
    if (first?.state !== 'done' || second?.state !== 'done') expect.fail('stages are not done');
    expect(second.inRoot).toBe(first.outRoot);
    expect([first.worker, second.worker]).toEqual(['batch/job:0/1', 'batch/job:1/1']);
  });

  it('asks for another try (75) when the stage before is not done, and does not claim', async () => {
    await place(bench.worker.store, jobs);
    expect(await run(variables(1, 1))).toMatchObject({ code: 75, mayStay: false });
    expect(await stateOf(1)).toBeUndefined();
  });

  it('takes over what its own first attempt had claimed, and nobody else’s', async () => {
    await place(bench.worker.store, jobs);
    const blobs = replace(bench.worker.blobs, {
      put: () => Promise.reject(new TransientError('aws-throttled', 'slow down')),
    });
    expect(await run(variables(1), { blobs })).toMatchObject({ code: 75 });
    expect(await stateOf(0)).toMatchObject({ state: 'claimed', worker: 'batch/job/1' });
    const twin = { ...variables(1), AWS_BATCH_JOB_ID: 'twin' };
    expect(await run(twin)).toMatchObject({ code: 0 });
    expect(await stateOf(0)).toMatchObject({ state: 'claimed', worker: 'batch/job/1' });
    expect(await run(variables(2))).toMatchObject({ code: 0 });
    expect(await stateOf(1)).toMatchObject({ state: 'done', worker: 'batch/job/2' });
  });

  it('does a stage once, however often the job was submitted', async () => {
    await place(bench.worker.store, jobs);
    await run(variables());
    const before = await stateOf(1);
    expect(await run({ ...variables(), AWS_BATCH_JOB_ID: 'twin' })).toMatchObject({ code: 0 });
    expect(await stateOf(1)).toEqual(before);
  });

  it('starts nothing of an epoch that is over', async () => {
    await place(bench.worker.store, jobsOf(jobs[0]!.model, 'ab'.repeat(32), 2, { epoch: 2 }));
    expect(await run(variables())).toEqual({ code: 0, mayStay: true, inTime: false });
    expect(await stateOf(0)).toBeUndefined();
  });

  it('ends with 64 when its input will never work, which its row says', async () => {
    const tooLong = await bench.worker.blobs.put(new Uint8Array(5_000));
    await place(bench.worker.store, jobsOf(jobs[0]!.model, tooLong, 2));
    expect(await run(variables())).toMatchObject({ code: 64 });
    expect(await stateOf(0)).toMatchObject({ state: 'failed', code: 'input-too-large' });
  });

  it('ends with 64 for a child that the placement does not have, and 70 for a fault of our own', async () => {
    await place(bench.worker.store, jobs);
    expect(await run(variables(1, 2))).toMatchObject({ code: 64 });
    const engine = { load: () => Promise.reject(new TypeError('undefined is not a function')) };
    expect(await run(variables(), { engine })).toMatchObject({ code: 70 });
  });
});

describe('the variables of a Batch job', () => {
  it('are none for a worker that only stays', () => {
    expect(readBatchJob({ AWS_BATCH_JOB_ID: 'job' })).toBeUndefined();
  });

  it.each([
    ['no JSON', { [JOBS_VARIABLE]: '{' }],
    ['no placement', { [JOBS_VARIABLE]: '{"run":1}' }],
    ['no attempt', { AWS_BATCH_JOB_ATTEMPT: '' }],
    ['a bad index', { AWS_BATCH_JOB_ARRAY_INDEX: '-1' }],
  ])('rejects %s', (_what, over) => {
    expect(() => readBatchJob({ ...variables(), ...over })).toThrow(expect.objectContaining({ code: 'bad-job' }));
  });
});
