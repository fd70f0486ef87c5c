import { describe, expect, it } from 'vitest';
import type { BatchJobRow } from '../../shared/rows/batch-job.ts';
import { batchJobKey, newBatchJob } from '../../shared/rows/batch-job.ts';
import type { PlacementRow } from '../../shared/rows/placement.ts';
import { type RunRow, runKey } from '../../shared/rows/run.ts';
import { jobsOf, PlacedRun, RUN } from '../../test/jobs/placed-run.ts';
import type { ApiDeps } from './deps.ts';
import { explainStages } from './explain-stages.ts';

const why = async (placed: PlacedRun): Promise<string> => {
  const row = await placed.store.get(runKey(RUN));
  return (
    await explainStages({ store: placed.store, clock: placed.clock } as unknown as ApiDeps, row?.body as RunRow)
  ).join(' ');
};

const open = async (over: Partial<PlacementRow> = {}): Promise<PlacedRun> => {
  const placed = new PlacedRun();
  await placed.place(over);
  return placed;
};

describe('why a run has not started', () => {
  it.each<[string, Partial<PlacementRow>, string]>([
    [
      'its input',
      { jobs: [], waitingFor: 'example.org could not be reached' },
      'yet: example.org could not be reached.',
    ],
    [
      'the budget',
      { jobs: [], waitingFor: "the day's budget has 1 left", epoch: 3 },
      'has 1 left. It was placed 3 times.',
    ],
    [
      'warm workers',
      { on: 'warm', because: '1 of 2 warm workers are free' },
      'in the queue of warm workers, since 1 of 2',
    ],
    ['threads', { on: 'threads' }, 'yet. They are with the threads of this process.'],
  ])('tells of %s', async (_what, over, words) => {
    expect(await why(await open(over))).toContain(words);
  });

  it.each<[string, Partial<BatchJobRow['job']>, string]>([
    [
      'capacity',
      { status: 'RUNNABLE', reason: 'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY' },
      'waits for a machine: there is no capacity',
    ],
    [
      'the image',
      { status: 'FAILED', reason: 'CannotPullContainerError: x' },
      "has failed: the worker's image could not be pulled",
    ],
    ['a start', { status: 'STARTING' }, 'has a machine and loads its image'],
  ])('tells what Batch says: %s', async (_what, job, words) => {
    const placed = await open({ on: 'batch', because: 'no worker is warm', jobId: 'job-1' });
    const row = newBatchJob({ run: RUN, epoch: 1 }, 'job-1', 0, 1);
    await placed.put(batchJobKey('job-1'), { ...row, job: { ...row.job, ...job } });
    const said = await why(placed);
    expect(said).toContain('They are with AWS Batch, since no worker is warm.');
    expect(said).toContain(`Batch job job-1 ${words}`);
  });

  it('tells of the child that an array job waits for', async () => {
    const placed = await open({ on: 'batch', jobId: 'job-1' });
    const row = newBatchJob({ run: RUN, epoch: 1 }, 'job-1', 2, 1);
    const part = { attempts: 0, sinceMs: 1 };
    const children = {
      0: { ...part, status: 'SUCCEEDED' },
      1: { ...part, status: 'RUNNABLE', reason: 'UNDETERMINED - x' },
    };
    await placed.put(batchJobKey('job-1'), { ...row, job: { ...part, status: 'PENDING' }, children });
    expect(await why(placed)).toContain('Batch job job-1 waits for a machine: it does not get a machine');
  });

  it('tells of the placement again when the one before was lost', async () => {
    const placed = await open({ epoch: 2, jobs: jobsOf(2, 2), on: 'warm', because: 'all 1 warm workers are busy' });
    await placed.claimed(jobsOf(2)[0]!, 'warm/dead');
    placed.clock.advance(120_000);
    const said = await why(placed);
    expect(said).toContain('whose lease has run out; it was placed again.');
    expect(said).toContain('It was placed 2 times.');
  });

  it('says nothing of the placement once a worker has its stages', async () => {
    const placed = await open({ on: 'warm' });
    await placed.claimed(jobsOf(2)[0]!, 'warm/a');
    expect(await why(placed)).toBe('Stage 1 of 2 is with worker warm/a, whose lease has 60 s left.');
  });
});
