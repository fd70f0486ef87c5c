import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChoiceFacts, chooseWorkers } from './choose-workers.ts';

type Over = Partial<Omit<ChoiceFacts, 'batch'>> & { batch?: Partial<ChoiceFacts['batch']> };

const facts = (over: Over = {}): ChoiceFacts => ({
  times: {},
  leftMs: 600_000,
  warm: { alive: 0, free: 0 },
  needsGpu: false,
  unclaimed: false,
  ...over,
  batch: { needs: 1, budgetLeft: 100, starting: 0, startingForMs: 0, maxWorkers: 8, ...over.batch },
});
const times = (ms: number): number[] => Array.from({ length: 5 }, () => ms);
const BUSY = { alive: 2, free: 0 };

describe('the choice of workers', () => {
  it.each<[string, Over, string, RegExp]>([
    ['a free warm worker', { warm: { alive: 2, free: 1 } }, 'warm', /^1 of 2 warm workers are free; 600 s/],
    ['a warm worker that is busy for a moment', { warm: BUSY }, 'warm', /busy, but take work within 5 s \(assumed\)/],
    [
      'Batch when warm workers are slower',
      { warm: BUSY, times: { warm: times(300_000) } },
      'batch',
      /within 300 s only/,
    ],
    ['Batch when no warm worker took it before', { warm: BUSY, unclaimed: true }, 'batch', /none took it before/],
    ['warm workers over the budget', { warm: BUSY, unclaimed: true, batch: { budgetLeft: 0 } }, 'warm', /budget/],
    ['warm workers if Batch is too late', { warm: BUSY, unclaimed: true, leftMs: 60_000 }, 'warm', /would be too late/],
    [
      'warm workers at the most',
      { warm: BUSY, unclaimed: true, batch: { maxWorkers: 2 } },
      'warm',
      /2 workers are the/,
    ],
    [
      'Batch when no worker is warm',
      {},
      'batch',
      /^no worker is warm; half of the Batch jobs start within 240 s \(assumed\)/,
    ],
    ['Batch as measured', { times: { batch: times(42_000) } }, 'batch', /within 42 s \(measured\)/],
    ['the worker of a job on its way', { batch: { starting: 1, startingForMs: 9_000 } }, 'warm', /on its way for 9 s/],
    ['one more job when that one was not in time', { unclaimed: true, batch: { starting: 1 } }, 'batch', /no worker/],
    ['a first job even if it will be late', { leftMs: 30_000 }, 'batch', /too late, but it stays warm for the next/],
    ['no second late job', { leftMs: 30_000, batch: { starting: 1, startingForMs: 1 } }, 'warm', /on its way/],
    ['Batch for a GPU, whoever is free', { needsGpu: true, warm: { alive: 1, free: 1 } }, 'batch', /needs a GPU/],
  ])('takes %s', (_what, over, on, because) => {
    const choice = chooseWorkers(facts(over));
    expect(choice.on).toBe(on);
    if (choice.on !== undefined) expect(choice.because).toMatch(because);
  });

  it.each([{}, { needsGpu: true, warm: { alive: 1, free: 1 } }])(
    'waits, with the reason, when the budget is spent (%#)',
    (over) => {
      const choice = chooseWorkers(facts({ ...over, batch: { needs: 3, budgetLeft: 2 } }));
      expect(choice).toMatchObject({
        on: undefined,
        waitingFor: expect.stringContaining('has 2 left, this run needs 3'),
      });
    },
  );

  it('takes few samples for no measurement', () => {
    const choice = chooseWorkers(facts({ times: { batch: [1, 1, 1, 1] } }));
    expect(choice).toMatchObject({ because: expect.stringContaining('240 s (assumed)') });
  });

  it('never submits beyond the budget, and never leaves a placement without an end', () => {
    const count = fc.integer({ min: 0, max: 20 });
    const ms = fc.array(fc.integer({ min: 0, max: 5_000_000 }), { maxLength: 20 });
    const any = fc.record({
      times: fc.record({ warm: ms, batch: ms }),
      leftMs: fc.option(fc.integer({ min: 0, max: 10_000_000 }), { nil: undefined }),
      warm: fc.tuple(count, count).map(([alive, free]) => ({ alive, free: Math.min(alive, free) })),
      batch: fc.record({
        needs: fc.integer({ min: 1, max: 64 }),
        budgetLeft: fc.integer({ min: -5, max: 64 }),
        starting: count,
        startingForMs: fc.nat(),
        maxWorkers: count,
      }),
      needsGpu: fc.boolean(),
      unclaimed: fc.boolean(),
    });
    fc.assert(
      fc.property(any, (seen) => {
        const choice = chooseWorkers(seen);
        if (choice.on === 'batch') expect(seen.batch.budgetLeft).toBeGreaterThanOrEqual(seen.batch.needs);
        // A message to nobody, who may never come, is no placement.
        if (choice.on === 'warm') expect(seen.warm.alive + seen.batch.starting).toBeGreaterThan(0);
        const withinMs = choice.on === undefined ? choice.againMs : choice.claimWithinMs;
        expect(withinMs).toBeGreaterThanOrEqual(15_000);
        expect(withinMs).toBeLessThanOrEqual(3_600_000);
      }),
    );
  });
});
