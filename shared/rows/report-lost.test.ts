import { beforeEach, describe, expect, it } from 'vitest';
import { jobsOf, PlacedRun } from '../../test/jobs/placed-run.ts';
import { reportLost } from './report-lost.ts';

let placed: PlacedRun;
const [first, second] = jobsOf(2);
beforeEach(async () => {
  placed = new PlacedRun();
  await placed.place();
});

describe('a worker reported lost', () => {
  it('before it claimed, or in mid-stage, has its run placed again, once', async () => {
    expect(await reportLost(placed, first!)).toBe(1);
    expect(await placed.replaced()).toEqual([{ lost: { stage: 0, epoch: 1 } }]);
    await placed.claimed(first!, 'w');
    expect(await reportLost(placed, first!, 500)).toBe(1);
    expect(await placed.replaced()).toEqual([{ lost: { stage: 0, epoch: 1 }, delayMs: 500 }]);
  });

  it('after its last write, before it handed over, leaves the stage after it to be done', async () => {
    await placed.done(first!);
    expect(await reportLost(placed, first!)).toBe(1);
    expect(await placed.replaced()).toEqual([{ lost: { stage: 1, epoch: 1 } }]);
  });

  it('leaves nothing to do when all stages are done', async () => {
    await placed.done(first!);
    await placed.done(second!);
    expect(await reportLost(placed, first!)).toBe(0);
    expect(await placed.replaced()).toEqual([]);
  });

  it('is of no interest once another epoch has begun', async () => {
    await placed.place({ epoch: 2, jobs: jobsOf(2, 2) });
    expect(await reportLost(placed, first!)).toBe(0);
    await placed.claimed(jobsOf(2, 2)[0]!, 'w');
    expect(await reportLost(placed, first!)).toBe(0);
    expect(await placed.replaced()).toEqual([]);
  });
});
