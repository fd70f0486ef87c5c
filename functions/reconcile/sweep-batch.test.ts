import { beforeEach, describe, expect, it } from 'vitest';
import type { MetricName } from '../../shared/metrics.ts';
import type { JobState } from '../../shared/ports/job-watch.ts';
import { ASK_AGAIN_MS, BatchJobRow, batchJobKey, newBatchJob, OPEN_BATCH_JOBS } from '../../shared/rows/batch-job.ts';
import { PRESENCE_PREFIX, presenceKey, WORKERS } from '../../shared/rows/workers.ts';
import { jobsOf, PlacedRun, RUN } from '../../test/jobs/placed-run.ts';
import { sweepBatch } from './sweep-batch.ts';

let placed: PlacedRun;
let known: JobState[];
let asked: string[][];
let gauges: Map<MetricName, number>;

beforeEach(async () => {
  placed = new PlacedRun();
  known = [];
  asked = [];
  gauges = new Map();
  await placed.place();
});

const sweep = () =>
  sweepBatch({
    store: placed.store,
    clock: placed.clock,
    metrics: { count: () => undefined, gauge: (name, value) => void gauges.set(name, value) },
    watch: {
      describe: async (ids) => {
        asked.push([...ids]);
        return known.filter(({ id }) => ids.includes(id));
      },
    },
  });

const submitted = async (size = 0): Promise<void> => {
  const nowMs = placed.clock.nowMs();
  const body = newBatchJob({ run: RUN, epoch: 1 }, 'job', size, nowMs);
  const due = { list: OPEN_BATCH_JOBS, at: nowMs + ASK_AGAIN_MS };
  await placed.store.transact([{ kind: 'put', key: batchJobKey('job'), body, due, expect: 'absent' }]);
};
const rowOf = async () => BatchJobRow.parse((await placed.store.get(batchJobKey('job')))?.body);

describe('the sweep over Batch jobs', () => {
  it('asks about those that are overdue only, and again later', async () => {
    await submitted();
    known = [{ id: 'job', status: 'RUNNABLE', attempts: 0 }];
    await sweep();
    expect(asked).toEqual([]);
    placed.clock.advance(ASK_AGAIN_MS);
    await sweep();
    await sweep();
    expect(asked).toEqual([['job']]);
    expect((await rowOf()).job.status).toBe('RUNNABLE');
    placed.clock.advance(ASK_AGAIN_MS);
    await sweep();
    expect(gauges.get('RunnableAgeSeconds')).toBe(ASK_AGAIN_MS / 1000);
    // Nothing was new, yet it is not asked about at each sweep.
    await sweep();
    expect(asked).toHaveLength(2);
    expect(await placed.replaced()).toEqual([]);
  });

  it.each([
    ['failed, whose event was lost', [{ id: 'job', status: 'FAILED', attempts: 1 }]],
    ['is known no more', []],
  ])('places again the run of a job that %s', async (_what, states) => {
    await submitted();
    known = states;
    placed.clock.advance(ASK_AGAIN_MS);
    expect(await sweep()).toBe(1);
    expect(await placed.replaced()).toEqual([{ lost: { stage: 0, epoch: 1 } }]);
    expect((await rowOf()).job.status).toBe('FAILED');
    expect(await placed.store.due(OPEN_BATCH_JOBS, Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
  });

  it('asks about the children of an array, where the reason is', async () => {
    await submitted(2);
    await placed.done(jobsOf(2)[0]!);
    known = [
      { id: 'job', status: 'PENDING', attempts: 0 },
      { id: 'job:0', status: 'SUCCEEDED', attempts: 1 },
      { id: 'job:1', status: 'RUNNABLE', attempts: 0, reason: 'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY' },
    ];
    placed.clock.advance(ASK_AGAIN_MS);
    expect(await sweep()).toBe(0);
    expect(asked).toEqual([['job', 'job:0', 'job:1']]);
    expect((await rowOf()).children[1]).toMatchObject({
      status: 'RUNNABLE',
      reason: expect.stringContaining('CAPACITY'),
    });
    placed.clock.advance(ASK_AGAIN_MS);
    await sweep();
    expect(asked[1]).toEqual(['job', 'job:1']);
  });

  it('forgets workers that were killed, and no others', async () => {
    const nowMs = placed.clock.nowMs();
    await placed.put(presenceKey('dead'), { worker: 'dead', free: true, expiresMs: nowMs - 3_600_000 });
    await placed.put(presenceKey('late'), { worker: 'late', free: true, expiresMs: nowMs - 1_000 });
    await sweep();
    const left = await placed.store.list<{ worker: string }>(WORKERS, { prefix: PRESENCE_PREFIX, limit: 10 });
    expect(left.map(({ body }) => body.worker)).toEqual(['late']);
    expect(gauges.get('RunnableAgeSeconds')).toBe(0);
  });
});
