import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Assignment, type Moved, openAssignments } from './assignments.ts';

const MODEL = 'ab'.repeat(32);
const BYTES_PER_MS = 1e6;

/** What a stage takes on a worker; `run` counts from 0. */
type Times = (stage: number, worker: number, run: number) => number;

const world = (initial: readonly number[], workers = 2, outputBytes = 0) => {
  const stages = initial.length;
  const book = openAssignments({ workers, initial: () => initial, bytesPerMs: BYTES_PER_MS });
  let run = 0;
  return {
    book,
    now: () => book.of(MODEL, stages),
    /** Runs that each end before the next starts. */
    runs: (count: number, times: Times): Moved[] => {
      const moves: Moved[] = [];
      for (const last = run + count; run < last; run++) {
        for (const [stage, worker] of book.of(MODEL, stages).entries()) {
          const computeMs = times(stage, worker, run);
          const moved = book.observe({ model: MODEL, stages, stage, worker, computeMs, outputBytes });
          if (moved) moves.push(moved);
        }
      }
      return moves;
    },
  };
};

const equal: Times = () => 10;

describe('the workers of stages', () => {
  it('change when the slowest worker would take much less, with the reason in words', () => {
    const { runs, now } = world([0, 0, 0, 1]);
    expect(runs(7, equal)).toEqual([]);
    expect(now()).toEqual([0, 0, 0, 1]);
    expect(runs(1, equal)).toEqual([
      {
        model: MODEL,
        before: [0, 0, 0, 1],
        after: [0, 0, 1, 1],
        because:
          'the slowest would take 20 ms instead of 30 ms: from stages 0 to 2 on worker 0, stage 3 on worker 1 to stages 0 to 1 on worker 0, stages 2 to 3 on worker 1',
      },
    ]);
    expect(now()).toEqual([0, 0, 1, 1]);
    expect(runs(300, equal)).toEqual([]);
  });

  it('change once at most where times vary by a tenth', () => {
    const times = fc.array(fc.integer({ min: 90, max: 110 }), { minLength: 40, maxLength: 40 });
    fc.assert(
      fc.property(times, fc.constantFrom([0, 0, 0, 1], [0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0]), (ms, initial) => {
        const { runs, now } = world(initial);
        const moves = runs(100, (stage, _worker, run) => ms[(7 * run + stage) % ms.length] ?? 100);
        expect(moves.length).toBe(initial.join() === '0,0,1,1' ? 0 : 1);
        expect(now().filter((worker) => worker === 0)).toHaveLength(2);
      }),
    );
  });

  it('change ever less often, whatever the times are', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.integer({ min: 0, max: 1000 })), (ms) => {
        const { runs } = world([0, 0, 1]);
        // Looks at the earliest after 8, 24, 56, 120 and 248 runs.
        expect(runs(240, () => ms.next().value ?? 0).length).toBeLessThanOrEqual(4);
      }),
      { numRuns: 30 },
    );
  });

  it('stay for gains that the clock does not see', () => {
    const { runs } = world([0, 0, 0, 1]);
    expect(runs(100, (stage) => (stage === 3 ? 0 : 0.4))).toEqual([]);
    expect(world([0, 0, 0, 1]).runs(100, () => 0)).toEqual([]);
  });

  it('stay together where handing over would take longer than computing', () => {
    const { runs, now } = world([0, 1], 2, 30 * BYTES_PER_MS);
    expect(runs(8, equal)).toMatchObject([{ before: [0, 1] }]);
    expect(new Set(now()).size).toBe(1);
  });

  it('are not moved by a first run that loads its graph', () => {
    const { runs } = world([0, 1]);
    expect(runs(100, (_stage, worker, run) => (run === 0 && worker === 1 ? 5000 : 10))).toEqual([]);
  });

  it('leave one that is slow, where others ran its stages, and do not come back', () => {
    const { runs, now } = world([0, 0, 0, 1, 1, 1], 3);
    runs(8, equal);
    expect(now()).toEqual([0, 0, 1, 1, 2, 2]);
    const slow = now()[2];
    const moves = runs(400, (_stage, worker) => (worker === slow ? 100 : 10));
    // Stage 2 had run elsewhere and goes; stage 3 is known to be short once it has gone too.
    expect(moves.length).toBeLessThanOrEqual(2);
    expect(now()).not.toContain(slow);
    expect(runs(400, (_stage, worker) => (worker === slow ? 100 : 10))).toEqual([]);
  });

  it('try a worker again when another has taken its place', () => {
    const { runs, now, book } = world([0, 0, 0, 1, 1, 1], 3);
    runs(8, equal);
    const slow = now()[2] ?? 0;
    runs(400, (_stage, worker) => (worker === slow ? 100 : 10));
    book.forget(slow);
    expect(runs(400, equal)).toHaveLength(1);
    expect(now()).toContain(slow);
  });

  it('wait for a new worker to show what it takes', () => {
    const { runs, book } = world([0, 0, 0, 1]);
    runs(7, equal);
    book.forget(0);
    expect(runs(7, equal)).toEqual([]);
    expect(runs(1, equal)).toHaveLength(1);
  });

  it('are of each model by itself', () => {
    const { runs, book } = world([0, 0, 0, 1]);
    runs(8, equal);
    expect(book.of('cd'.repeat(32), 4)).toEqual([0, 0, 0, 1]);
  });

  it('stay as they are where a worker has stages apart from each other', () => {
    const apart: Assignment = () => [1, 0, 0, 1];
    const { runs, now } = world(apart(4));
    expect(runs(100, (stage) => 100 * (stage + 1))).toEqual([]);
    expect(now()).toEqual([1, 0, 0, 1]);
  });

  it('count runs that end on a former worker as its own', () => {
    const { runs, book, now } = world([0, 0, 0, 1]);
    runs(8, equal);
    for (let late = 0; late < 30; late++) {
      const run = { model: MODEL, stages: 4, stage: 2, worker: 0, computeMs: 500, outputBytes: 0 };
      expect(book.observe(run)).toBeUndefined();
    }
    expect(now()).toEqual([0, 0, 1, 1]);
  });
});
