import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobState } from '../ports/job-watch.ts';
import { BatchJobRow, isWorkOf, moveForward, newBatchJob, splitJobId, tellingPart } from './batch-job.ts';
import { PlacementRow } from './placement.ts';

const run = { chainId: 'chain', queryId: 1, attempt: 0, node: 'quo1node' } as const;
const row = newBatchJob({ run, epoch: 1 }, 'job', 0, 1_000);
const state = (status: string, attempts = 0, reason?: string): JobState => ({
  id: 'job',
  status,
  attempts,
  ...(reason !== undefined && { reason }),
});
const apply = (states: readonly JobState[], from = row): BatchJobRow =>
  states.reduce((now, seen) => moveForward(now, seen, 2_000) ?? now, from);

/** A job that is started twice and ends. */
const LIFE = [
  state('PENDING'),
  state('RUNNABLE'),
  state('RUNNABLE', 0, 'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY'),
  state('STARTING'),
  state('RUNNING'),
  state('RUNNABLE', 1),
  state('STARTING', 1),
  state('RUNNING', 1),
  state('SUCCEEDED', 2),
];

describe('the row of a Batch job', () => {
  it('ends the same however its events come: twice, late, in another order', () => {
    const orders = fc.shuffledSubarray([...LIFE, ...LIFE], { minLength: 2 * LIFE.length });
    fc.assert(
      fc.property(orders, (events) => {
        let before = row;
        for (const event of events) {
          const now = moveForward(before, event, 2_000) ?? before;
          expect(now.job.attempts).toBeGreaterThanOrEqual(before.job.attempts);
          if (before.job.status === 'SUCCEEDED') expect(now).toBe(before);
          before = now;
        }
        expect(before.job).toMatchObject({ status: 'SUCCEEDED', attempts: 2 });
      }),
    );
  });

  it('takes up why a job waits, which is told later than that it waits', () => {
    expect(apply(LIFE.slice(0, 3)).job).toMatchObject({
      status: 'RUNNABLE',
      reason: expect.stringContaining('CAPACITY'),
    });
    expect(moveForward(apply(LIFE.slice(0, 3)), state('RUNNABLE'), 3_000)).toBeUndefined();
  });

  it('never leaves an end, and reads a status that nobody knows as no news', () => {
    const failed = apply([state('FAILED', 1, 'Host EC2 terminated')]);
    for (const seen of [...LIFE, state('SUCCEEDED', 3)]) expect(moveForward(failed, seen, 3_000)).toBeUndefined();
    expect(moveForward(apply([state('RUNNING')]), state('PAUSED'), 3_000)).toBeUndefined();
  });

  it('keeps children of an array apart, and tells of the first that has not ended', () => {
    const array = newBatchJob({ run, epoch: 1 }, 'job', 3, 1_000);
    const child = (index: number, status: string): JobState => ({ id: `job:${index}`, status, attempts: 0 });
    const now = apply([child(0, 'SUCCEEDED'), child(1, 'RUNNABLE'), child(2, 'PENDING'), state('PENDING')], array);
    expect(BatchJobRow.parse(JSON.parse(JSON.stringify(now)))).toEqual(now);
    expect(tellingPart(now).status).toBe('RUNNABLE');
    expect(tellingPart(apply([state('FAILED')], now)).status).toBe('FAILED');
  });

  it('knows its own workers', () => {
    expect(splitJobId('job:12')).toEqual({ jobId: 'job', index: 12 });
    expect([
      isWorkOf('batch/job:1/2', 'job:1'),
      isWorkOf('batch/job:1/2', 'job'),
      isWorkOf('batch/job/1', 'job'),
    ]).toEqual([true, true, true]);
    expect([isWorkOf('batch/job:12/1', 'job:1'), isWorkOf('warm/x', 'job'), isWorkOf('batch/jobs/1', 'job')]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe('a placement', () => {
  it('is read as the release before wrote it (P15)', () => {
    const old = { run, epoch: 2, jobs: [], waitingFor: 'its input' };
    expect(PlacementRow.parse(old)).toEqual(old);
  });
});
