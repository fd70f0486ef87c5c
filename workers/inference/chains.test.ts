import { beforeEach, describe, expect, it } from 'vitest';
import { stageJobId } from '../../shared/messages/stage-job.ts';
import { Chains, type LostJob } from './chains.ts';
import { jobsOf } from './testdata/bench-worker.ts';

const jobs = jobsOf('ab'.repeat(32), 'cd'.repeat(32), 3);
const [first = '', second = '', third = ''] = jobs.map(stageJobId);
let lost: LostJob[];
let chains: Chains;

/** Stages 0 and 1 on workers of their own, 2 with 1. */
beforeEach(() => {
  lost = [];
  chains = new Chains(
    (job) => lost.push(job),
    () => undefined,
  );
  chains.add(
    jobs,
    [first, second, third].map((id, i) => ({ id, worker: Math.min(i, 1) })),
  );
});

const stagesLost = (): number[] => lost.map(({ job }) => job.stage);

describe('the book of jobs in flight', () => {
  it('reports a stage whose worker died, once the next one got nothing', () => {
    chains.workerDied(0, 'killed');
    expect(lost).toEqual([]);
    chains.abandoned(second);
    expect(lost).toEqual([{ job: jobs[0], reason: 'killed' }]);
    chains.abandoned(third);
    expect(lost).toHaveLength(1);
    expect(chains.size).toBe(0);
  });

  it('reports nothing when the worker had handed over before it died', () => {
    chains.workerDied(0, 'killed');
    chains.done(second);
    chains.done(third);
    expect(lost).toEqual([]);
    expect(chains.size).toBe(0);
  });

  it('reports the stage that got nothing when the one before was done and its hand-over failed', () => {
    chains.done(first);
    chains.abandoned(second);
    expect(lost).toEqual([]);
    chains.abandoned(third);
    expect(stagesLost()).toEqual([1]);
  });

  it('reports a later stage when those before it are done', () => {
    chains.workerDied(1, 'killed');
    expect(lost).toEqual([]);
    chains.done(first);
    expect(stagesLost()).toEqual([1]);
  });

  it('reports one stage when all workers die', () => {
    chains.workerDied(1, 'killed');
    chains.workerDied(0, 'killed');
    expect(stagesLost()).toEqual([0]);
  });

  it('reports nothing of a chain that is over', () => {
    chains.over(first);
    chains.abandoned(second);
    chains.abandoned(third);
    expect(lost).toEqual([]);
  });
});
