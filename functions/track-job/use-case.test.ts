import { beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../shared/log.ts';
import { JOBS_VARIABLE } from '../../shared/messages/stage-job.ts';
import type { MetricName } from '../../shared/metrics.ts';
import { BatchJobRow, batchJobKey, OPEN_BATCH_JOBS } from '../../shared/rows/batch-job.ts';
import { jobsOf, PlacedRun, RUN } from '../../test/jobs/placed-run.ts';
import { type TrackJobDeps, trackJob } from './use-case.ts';

let placed: PlacedRun;
let deps: TrackJobDeps;
let counted: MetricName[];
let lines: string[];

beforeEach(async () => {
  placed = new PlacedRun();
  counted = [];
  lines = [];
  deps = {
    store: placed.store,
    clock: placed.clock,
    metrics: { count: (name) => void counted.push(name), gauge: () => undefined },
    log: createLogger({ clock: placed.clock, sink: (line) => lines.push(line) }),
    jobQueues: ['house-jobs', 'house-jobs-gpu'],
  };
  await placed.place();
});

/** As the user guide of AWS Batch shows one (batch_job_events), with fields that nobody here reads. */
const event = (status: string, over: Record<string, unknown> = {}, type = 'Batch Job State Change') => ({
  version: '0',
  'detail-type': type,
  source: 'aws.batch',
  detail: {
    jobName: 'q7',
    jobId: 'job',
    jobQueue: 'arn:aws:batch:us-east-1:123456789012:job-queue/house-jobs',
    status,
    attempts: [],
    createdAt: 1_641_944_200_058,
    retryStrategy: { attempts: 3, evaluateOnExit: [] },
    container: {
      image: 'i',
      environment: [{ name: JOBS_VARIABLE, value: JSON.stringify({ run: RUN, epoch: 1 }) }],
    },
    aFieldOfNextYear: { x: 1 },
    ...over,
  },
});
const rowOf = async (id = 'job') => {
  const row = await placed.store.get(batchJobKey(id));
  return row && BatchJobRow.parse(row.body);
};

describe('track-job', () => {
  it('makes the row of a job whose first word is an event, and asks about it later', async () => {
    expect(await trackJob(deps, event('RUNNABLE'))).toBe('tracked');
    expect(await rowOf()).toMatchObject({
      placement: { run: RUN, epoch: 1 },
      submittedMs: 1_641_944_200_058,
      job: { status: 'RUNNABLE' },
    });
    expect(await placed.store.due(OPEN_BATCH_JOBS, placed.clock.nowMs() + 120_000, 10)).toHaveLength(1);
    await trackJob(deps, event('STARTING'));
    await trackJob(deps, event('RUNNABLE'));
    expect((await rowOf())?.job.status).toBe('STARTING');
  });

  it('keeps why the queue is blocked, and counts it', async () => {
    await trackJob(deps, event('RUNNABLE'));
    const blocked = { statusReason: 'MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT' };
    await trackJob(deps, event('RUNNABLE', blocked, 'Batch Job Queue Blocked'));
    expect((await rowOf())?.job.reason).toBe('MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT');
    expect(counted).toEqual(['QueueBlocked']);
  });

  it.each([
    ['a job that failed before its stage was claimed', 'FAILED', undefined, 1],
    ['a job that failed with the stage in its hands', 'FAILED', 'batch/job/1', 1],
    ['a job that ended well without doing its stage', 'SUCCEEDED', undefined, 1],
    ['a job whose stage another worker does', 'SUCCEEDED', 'warm/other', 0],
  ])('places the run again, or not: %s', async (_what, status, worker, lost) => {
    if (worker) await placed.claimed(jobsOf(2)[0]!, worker);
    const ended = event(status, { statusReason: 'Host EC2 (instance i-1) terminated.', attempts: [{}] });
    expect(await trackJob(deps, ended)).toBe(lost > 0 ? 'placed-again' : 'tracked');
    expect(await placed.replaced()).toEqual(lost > 0 ? [{ lost: { stage: 0, epoch: 1 } }] : []);
    // The same word twice changes nothing, and leaves one message.
    await trackJob(deps, ended);
    expect(await placed.replaced()).toHaveLength(lost);
    expect(await placed.store.due(OPEN_BATCH_JOBS, Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
  });

  it('loses nothing when all stages are done, the run has ended, or another epoch has begun', async () => {
    for (const job of jobsOf(2)) await placed.done(job);
    await trackJob(deps, event('FAILED'));
    await placed.place({}, 'final');
    await trackJob(deps, event('FAILED', { jobId: 'second' }));
    await placed.place({ epoch: 2, jobs: jobsOf(2, 2) });
    await trackJob(deps, event('FAILED', { jobId: 'third' }));
    expect(await placed.replaced()).toEqual([]);
  });

  it("reports the stage of an array's child, and not those that only waited for it", async () => {
    const child = (index: number, status: string) =>
      event(status, { jobId: `job:${index}`, arrayProperties: { index }, attempts: [{}] });
    await placed.done(jobsOf(2)[0]!);
    expect(await trackJob(deps, child(0, 'SUCCEEDED'))).toBe('tracked');
    expect(await trackJob(deps, child(1, 'FAILED'))).toBe('placed-again');
    expect(await placed.replaced()).toEqual([{ lost: { stage: 1, epoch: 1 } }]);
    expect(Object.keys((await rowOf())?.children ?? {})).toEqual(['0', '1']);
  });

  it('leaves to the child before it what failed with it', async () => {
    await trackJob(deps, event('FAILED', { jobId: 'job:1', statusReason: 'Dependent Job failed' }));
    expect(await placed.replaced()).toEqual([]);
  });

  it.each([
    ['of another queue', event('FAILED', { jobQueue: 'arn:aws:batch:us-east-1:1:job-queue/other-house-jobs' })],
    ['of a job that is not ours', event('FAILED', { container: { environment: [] } })],
    ['that nobody can read', { 'detail-type': 'Batch Job State Change', detail: { jobId: 7 } }],
    ['whose placement is none', event('FAILED', { container: { environment: [{ name: JOBS_VARIABLE, value: '{' }] } })],
  ])('ignores an event %s', async (_what, other) => {
    expect(await trackJob(deps, other)).toBe('ignored');
    expect(await rowOf()).toBeUndefined();
    expect(await placed.replaced()).toEqual([]);
  });
});
