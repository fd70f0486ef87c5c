import { describe, expect, it } from 'vitest';
import { costPer1000, type IdleUse, idleCost, MeasuredUsage, sum } from './cost-model.ts';

const NOTHING: MeasuredUsage = MeasuredUsage.parse({
  format: 'quorate-usage/1',
  measured: 'made up for a test',
  queries: 100,
  committee: 5,
  stages: 1,
  lambda: {},
  table: { writeUnits: 0, readUnits: 0 },
  queues: { standard: 0, fifo: 0 },
  blobs: { puts: 0, gets: 0 },
  signatures: 0,
  secretCalls: 0,
  httpRequests: 0,
  logBytes: 0,
  traces: 0,
});

const NO_USE: IdleUse = {
  keys: 0,
  secrets: 0,
  alarms: 0,
  metrics: 0,
  dashboards: 0,
  standardFeeds: 0,
  fifoFeeds: 0,
  scheduledCalls: 0,
  lambdaGbSeconds: 0,
  tableWriteUnits: 0,
  tableReadUnits: 0,
  logGb: 0,
  traces: 0,
  storedGb: 0,
};

describe('the cost of queries', () => {
  it('is nothing for nothing', () => {
    expect(sum(costPer1000(NOTHING))).toBe(0);
  });

  it('is for 1,000, however many were measured', () => {
    // 20 units a query are 20,000 for 1,000 of them, at 0.625 $ per million.
    expect(sum(costPer1000({ ...NOTHING, table: { writeUnits: 2_000, readUnits: 0 } }))).toBeCloseTo(0.0125, 10);
    expect(sum(costPer1000({ ...NOTHING, queries: 1, signatures: 1 }))).toBeCloseTo(0.015, 10);
  });

  it('counts a function by its calls and by its memory while it ran', () => {
    const lambda = { api: { requests: 100, gbMs: 100 * 500 * 20 } };
    // 100 calls of 20 s at 500 GB, times ten for 1,000 queries.
    expect(sum(costPer1000({ ...NOTHING, lambda }))).toBeCloseTo(1_000 * 0.2e-6 + 10_000 * 0.0000133334, 8);
  });

  it('counts one invocation of twenty as traced', () => {
    expect(sum(costPer1000({ ...NOTHING, traces: 100 }))).toBeCloseTo(50 * 5e-6, 10);
  });

  it('rejects counts of another format, or with a field that nobody prices', () => {
    expect(MeasuredUsage.safeParse({ ...NOTHING, format: 'quorate-usage/2' }).success).toBe(false);
    expect(MeasuredUsage.safeParse({ ...NOTHING, snsMessages: 1 }).success).toBe(false);
    expect(MeasuredUsage.safeParse({ ...NOTHING, queries: 0 }).success).toBe(false);
  });
});

describe('the cost of a month in which nobody asks', () => {
  it('is by the list, and less what is always free', () => {
    const [alarms] = idleCost({ ...NO_USE, alarms: 25 }).filter(({ usd }) => usd > 0);
    expect(alarms).toMatchObject({ what: 'alarms' });
    expect(alarms?.usd).toBeCloseTo(2.5, 10);
    expect(alarms?.usdAfterFree).toBeCloseTo(1.5, 10);
  });

  it('has the polls of empty queues in it', () => {
    const polls = idleCost({ ...NO_USE, standardFeeds: 3, fifoFeeds: 1 }).filter(({ usd }) => usd > 0);
    // 5 pollers, one call in 20 s each, 30 days.
    expect(polls.map(({ amount }) => amount)).toEqual([3 * 648_000, 648_000]);
    // The free million is used up by the first.
    expect(polls[0]?.usdAfterFree).toBeCloseTo(0.944 * 0.4, 10);
    expect(polls[1]?.usdAfterFree).toBe(polls[1]?.usd);
  });
});
