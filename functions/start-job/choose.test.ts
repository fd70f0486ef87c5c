import { beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../shared/adapters/local/sqlite.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import type { StartJobMessage } from '../../shared/messages/advance.ts';
import { type StageJob, stageKey } from '../../shared/messages/stage-job.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import type { JobStart, StartTerms } from '../../shared/ports/job-host.ts';
import type { Store } from '../../shared/ports/store.ts';
import { utf8 } from '../../shared/protocol/encoding.ts';
import { BatchJobRow, batchJobKey, newBatchJob, OPEN_BATCH_JOBS } from '../../shared/rows/batch-job.ts';
import { PLACEMENTS, PlacementRow, placementKey } from '../../shared/rows/placement.ts';
import { budgetKey, presenceKey } from '../../shared/rows/workers.ts';
import { FakeClock, memoryBlobs } from '../../test/contracts/fakes.ts';
import { CrashError, Gate } from '../../test/simulation/crash.ts';
import { installTinyModel } from '../../workers/inference/testdata/tiny-model.ts';
import type { StartJobDeps } from './deps.ts';
import { startJob } from './use-case.ts';

const INPUT = utf8('an input');
const run = (queryId: number) => ({ chainId: 'chain', queryId, attempt: 0, node: 'quo1node' });
const DAY_MS = 86_400_000;

interface Told {
  readonly on: 'warm' | 'batch';
  readonly jobs: readonly StageJob[];
  readonly terms: StartTerms | undefined;
}

let clock: FakeClock;
let store: Store;
let deps: StartJobDeps;
let told: Told[];
let answer: JobStart | Error;
let message: (queryId: number) => StartJobMessage;

beforeEach(async () => {
  const blobs = memoryBlobs();
  const { model } = await installTinyModel(blobs);
  const input = await blobs.put(INPUT);
  message = (queryId) => ({ run: run(queryId), queryHash: 'ab'.repeat(32), model, input });
  clock = new FakeClock(1_000 * DAY_MS);
  store = openSqliteStore(openDatabase(':memory:'));
  told = [];
  answer = { outcome: 'started', jobId: 'job-1' };
  const host = (on: Told['on']) => ({
    start: async (jobs: readonly StageJob[], terms?: StartTerms): Promise<JobStart> => {
      told.push({ on, jobs, terms });
      if (answer instanceof Error) throw answer;
      return on === 'warm' ? { outcome: 'started' } : answer;
    },
  });
  const chain = {
    head: async () => ({ height: 100, timeMs: 0 }),
    query: async () => ({ attempt: 0, opening: { commitClose: 700 }, input: { inline: INPUT } }),
  };
  deps = {
    store,
    blobs,
    chain: chain as unknown as Chain,
    clock,
    places: new Map([['quo1node', { warm: host('warm'), batch: host('batch') }]]),
    fetchInput: async () => INPUT,
    claimWithinMs: 30_000,
    batch: { blockMs: 1_000, jobsPerDay: 5, maxWorkers: 4, needsGpu: () => false },
  };
});

const placement = async (queryId: number) =>
  PlacementRow.parse((await store.get(placementKey(run(queryId))))?.body ?? expect.fail('no placement'));
const dueMs = async (queryId: number) =>
  ((await store.get(placementKey(run(queryId))))?.due?.at ?? Number.NaN) - clock.nowMs();
const present = (free: boolean) =>
  store.transact([
    {
      kind: 'put',
      key: presenceKey('w'),
      body: { worker: 'w', free, expiresMs: clock.nowMs() + 60_000 },
      expect: 'any',
    },
  ]);

describe('start-job with warm workers and Batch', () => {
  it('submits a Batch job when no worker is warm, and keeps its id, the reason and what it took of the budget', async () => {
    await startJob(deps, message(1));
    expect(told.map(({ on, terms }) => [on, terms])).toEqual([['batch', { first: true }]]);
    expect(await placement(1)).toMatchObject({
      on: 'batch',
      jobId: 'job-1',
      placedMs: clock.nowMs(),
      because: 'no worker is warm; half of the Batch jobs start within 240 s (assumed); 600 s are left to commit',
    });
    expect(BatchJobRow.parse((await store.get(batchJobKey('job-1')))?.body)).toMatchObject({
      placement: { epoch: 1 },
      size: 2,
      job: { status: 'SUBMITTED' },
    });
    // A cold start may take longer than anything else may.
    expect(await dueMs(1)).toBe(1_200_000);
    expect((await store.get(budgetKey))?.body).toEqual({ day: 1_000, jobs: 2 });
  });

  it('leaves later runs to the worker that this job will be, and to one that is there', async () => {
    await startJob(deps, message(1));
    await startJob(deps, message(2));
    expect(await placement(2)).toMatchObject({ on: 'warm', because: expect.stringContaining('on its way') });
    await present(true);
    await startJob(deps, message(3));
    expect(await placement(3)).toMatchObject({ on: 'warm', because: expect.stringContaining('1 of 1 warm workers') });
    expect(await dueMs(3)).toBe(15_000);
    expect(told.map(({ on }) => on)).toEqual(['batch', 'warm', 'warm']);
  });

  it('places an epoch on one kind of workers only, however often the message comes', async () => {
    await startJob(deps, message(1));
    await present(true);
    await startJob(deps, message(1));
    expect(told.map(({ on, terms }) => [on, terms?.first ?? false])).toEqual([
      ['batch', true],
      ['batch', false],
    ]);
    expect((await store.get(budgetKey))?.body).toEqual({ day: 1_000, jobs: 2 });
  });

  it('finds the id of a job whose submit it did not live to write down, and does not hurry it', async () => {
    answer = new Error('killed');
    await expect(startJob(deps, message(1))).rejects.toThrow('killed');
    expect((await placement(1)).jobId).toBeUndefined();
    answer = { outcome: 'already-started', jobId: 'job-9' };
    clock.advance(60_000);
    await startJob(deps, message(1));
    expect((await placement(1)).jobId).toBe('job-9');
    expect(await dueMs(1)).toBe(1_140_000);
  });

  it('keeps what an event has told of the job before', async () => {
    const early = { ...newBatchJob({ run: run(1), epoch: 1 }, 'job-1', 2, 5), submittedMs: 5 };
    await store.transact([{ kind: 'put', key: batchJobKey('job-1'), body: early, expect: 'absent' }]);
    await startJob(deps, message(1));
    expect((await placement(1)).jobId).toBe('job-1');
    expect((await store.get(batchJobKey('job-1')))?.body).toEqual(early);
  });

  it('goes to Batch when no warm worker took the placement before', async () => {
    await present(false);
    await startJob(deps, message(1));
    await startJob(deps, { ...message(1), lost: { stage: 0, epoch: 1 } });
    expect(await placement(1)).toMatchObject({
      epoch: 2,
      on: 'batch',
      because: expect.stringContaining('none took it'),
    });
  });

  it('goes back to warm workers when the one that had it died', async () => {
    await present(false);
    await startJob(deps, message(1));
    const job = (await placement(1)).jobs[0] ?? expect.fail('no job');
    const claimed = { state: 'claimed', job, worker: 'w', leaseUntilMs: 0 };
    await store.transact([{ kind: 'put', key: stageKey(job.run, 0), body: claimed, expect: 'absent' }]);
    await startJob(deps, { ...message(1), lost: { stage: 0, epoch: 1 } });
    expect(await placement(1)).toMatchObject({ epoch: 2, on: 'warm' });
  });

  it('waits with the reason when the budget of the day is spent, and goes on the next day', async () => {
    const over = { day: 1_000, jobs: 4 };
    await store.transact([{ kind: 'put', key: budgetKey, body: over, expect: 'absent' }]);
    await startJob(deps, message(1));
    expect(told).toEqual([]);
    expect(await placement(1)).toMatchObject({
      jobs: [],
      waitingFor: "no worker is warm, and the day's budget of Batch jobs has 1 left, this run needs 2",
    });
    expect(await store.due(PLACEMENTS, clock.nowMs() + 75_000, 10)).toHaveLength(1);
    clock.advance(DAY_MS);
    await startJob(deps, { ...message(1), lost: { stage: 0, epoch: 1 } });
    expect(await placement(1)).toMatchObject({ epoch: 2, on: 'batch' });
    expect((await store.get(budgetKey))?.body).toEqual({ day: 1_001, jobs: 2 });
  });

  it('spends no more than the budget when many runs are placed at once', async () => {
    await Promise.all([1, 2, 3, 4, 5].map((queryId) => startJob(deps, message(queryId)).catch(() => undefined)));
    const batch = told.filter(({ on }) => on === 'batch');
    expect(batch.reduce((sum, { jobs }) => sum + jobs.length, 0)).toBeLessThanOrEqual(5);
    expect(batch.length).toBeGreaterThan(0);
    const open = await store.due(OPEN_BATCH_JOBS, Number.MAX_SAFE_INTEGER, 10);
    expect(open.length).toBeLessThanOrEqual(2);
  });

  it('keeps why Batch refused', async () => {
    answer = { outcome: 'refused', reason: 'AWS Batch refused the job: JobQueue house-jobs not found' };
    await startJob(deps, message(1));
    expect(await placement(1)).toMatchObject({ on: 'batch', waitingFor: expect.stringContaining('not found') });
    expect(await dueMs(1)).toBe(30_000);
  });

  it('ends the same wherever it is killed: one job, its id and its row kept, paid for once', async () => {
    const names = new Map<string, string>();
    /** As Batch is: what is not looked for by its name is submitted again. */
    const batch = {
      start: async ([job]: readonly StageJob[], terms?: StartTerms): Promise<JobStart> => {
        const name = JSON.stringify([job?.run, job?.epoch]);
        const known = terms?.first ? undefined : names.get(name);
        if (known) return { outcome: 'already-started', jobId: known };
        names.set(name, `job-${names.size + 1}`);
        submits += 1;
        return { outcome: 'started', jobId: names.get(name) ?? '' };
      },
    };
    let submits = 0;
    const play = async (queryId: number, gate: Gate): Promise<void> => {
      const hosts = { warm: batch, batch: gate.wrap('host', batch) };
      const chain = gate.wrap('chain', deps.chain);
      const places = new Map([['quo1node', hosts]]);
      await startJob({ ...deps, chain, store: gate.wrap('store', store), places }, message(queryId));
    };
    const calm = new Gate();
    await play(1, calm);
    expect(calm.calls).toContain('host.start');
    let queryId = 1;
    for (const call of calm.calls.keys()) {
      for (const when of ['before', 'after'] as const) {
        await store.transact([{ kind: 'put', key: budgetKey, body: { day: 1_000, jobs: 0 }, expect: 'any' }]);
        for (const { pk, sk } of await store.due(OPEN_BATCH_JOBS, Number.MAX_SAFE_INTEGER, 100)) {
          await store.transact([{ kind: 'delete', key: { pk, sk }, expect: 'any' }]);
        }
        submits = 0;
        queryId += 1;
        await expect(play(queryId, new Gate({ call, when }))).rejects.toThrow(CrashError);
        await play(queryId, new Gate());
        const { jobId } = await placement(queryId);
        expect([submits, (await store.get(budgetKey))?.body], `${when} ${calm.calls[call]}`).toEqual([
          1,
          { day: 1_000, jobs: 2 },
        ]);
        expect(await store.get(batchJobKey(jobId ?? ''))).toBeDefined();
      }
    }
  });
});
