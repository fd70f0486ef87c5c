import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StageJob, StageState } from '../../shared/messages/stage-job.ts';
import type { JobHost } from '../../shared/ports/job-host.ts';

export interface JobHostFixture {
  readonly host: JobHost;
  /** Jobs of a new run of a model of at least two stages, from its first stage on. */
  jobs(): Promise<readonly StageJob[]>;
  /** The stage's row as soon as its worker has ended it. */
  ended(job: StageJob): Promise<StageState>;
  /** The run's output that the model must give. */
  output(state: StageState): Promise<string>;
  readonly expected: string;
  close(): Promise<void>;
}

/** The promises of {@link JobHost}, for any adapter. */
export const jobHostContract = (name: string, open: () => Promise<JobHostFixture>): void => {
  describe(`job host contract: ${name}`, () => {
    let fixture: JobHostFixture;
    beforeAll(async () => {
      fixture = await open();
    });
    afterAll(() => fixture.close());

    const last = (jobs: readonly StageJob[]): StageJob => jobs.at(-1) ?? expect.fail('no jobs');

    it('runs consecutive stages to the end, each reporting through its row', async () => {
      const jobs = await fixture.jobs();
      expect((await fixture.host.start(jobs)).outcome).toBe('started');
      const states = await Promise.all(jobs.map((job) => fixture.ended(job)));
      expect(states.map(({ state }) => state)).toEqual(jobs.map(() => 'done'));
      states.forEach((state, i) => {
        const before = states[i - 1];
        if (state.state === 'done' && before?.state === 'done') expect(state.inRoot).toBe(before.outRoot);
      });
      expect(await fixture.output(await fixture.ended(last(jobs)))).toBe(fixture.expected);
    });

    it('does nothing new when the same jobs are started again', async () => {
      const jobs = await fixture.jobs();
      await fixture.host.start(jobs);
      const first = await fixture.ended(last(jobs));
      expect(['started', 'already-started']).toContain((await fixture.host.start(jobs)).outcome);
      expect(await fixture.ended(last(jobs))).toEqual(first);
    });

    it('runs several runs side by side without mixing them', async () => {
      const runs = [await fixture.jobs(), await fixture.jobs(), await fixture.jobs()];
      await Promise.all(runs.map((jobs) => fixture.host.start(jobs)));
      for (const jobs of runs) expect(await fixture.output(await fixture.ended(last(jobs)))).toBe(fixture.expected);
    });

    it('redoes one stage in the next epoch from the kept output of the one before, with the same bytes', async () => {
      const jobs = await fixture.jobs();
      await fixture.host.start(jobs);
      const [first, second] = await Promise.all(jobs.slice(0, 2).map((job) => fixture.ended(job)));
      if (first?.state !== 'done' || second?.state !== 'done') expect.fail('stages are not done');
      const job = jobs[1] ?? expect.fail('no second stage');
      const again: StageJob = { ...job, epoch: job.epoch + 1, input: { from: 'blob', hash: first.output } };
      await fixture.host.start([again]);
      expect(await fixture.ended(again)).toMatchObject({ state: 'done', outRoot: second.outRoot });
    });
  });
};
