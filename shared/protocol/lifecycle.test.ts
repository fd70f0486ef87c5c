import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextTransition, RUN_STATES, type RunFacts, type RunState, TERMINAL, TRANSITIONS } from './lifecycle.ts';

const facts = fc.record<RunFacts>({
  phase: fc.constantFrom('queued', 'commit', 'reveal', 'settle', 'expire', 'over'),
  drawn: fc.boolean(),
  stages: fc.constantFrom('unfinished', 'done', 'failed'),
  seat: fc.constantFrom(undefined, 'committed', 'revealed', 'majority', 'minority', 'mismatch', 'late', 'absent'),
  tx: fc.constantFrom('none', 'open', 'included', 'refused'),
  triesLeft: fc.boolean(),
  settleDue: fc.boolean(),
});

/** Order of the states along a run: terminal ones last. */
const RANK: Record<RunState, number> = Object.fromEntries(RUN_STATES.map((state, i) => [state, i])) as Record<
  RunState,
  number
>;

describe('life of a run', () => {
  it('only moves forward, and leaves no terminal state (P4)', () => {
    fc.assert(
      fc.property(fc.constantFrom(...RUN_STATES), facts, (state, f) => {
        const next = nextTransition(state, f);
        if (TERMINAL.has(state)) expect(next).toBeUndefined();
        if (next) expect(RANK[next.to]).toBeGreaterThanOrEqual(RANK[state]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('ends every run whose attempt is over and whose transaction has ended (P6)', () => {
    fc.assert(
      fc.property(fc.constantFrom(...RUN_STATES), facts, (state, f) => {
        let at = state;
        for (let step = 0; step < 4 && !TERMINAL.has(at); step++) {
          at = nextTransition(at, { ...f, phase: 'over', tx: 'none' })?.to ?? at;
        }
        expect(TERMINAL.has(at)).toBe(true);
      }),
    );
  });

  it('commits only what is computed and drawn, inside the window', () => {
    fc.assert(
      fc.property(fc.constantFrom(...RUN_STATES), facts, (state, f) => {
        const next = nextTransition(state, f);
        if (next?.effects.includes('send-commit')) expect(f.phase).toBe('commit');
        if (next?.effects.includes('send-reveal')) expect(f.phase).toBe('reveal');
        if (next?.effects.includes('send-settle')) expect(f.phase).toBe('settle');
        if (next?.effects.includes('start-job')) expect(f.drawn && f.phase === 'commit').toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('repeats a transaction only while tries are left (P7)', () => {
    fc.assert(
      fc.property(facts, (f) => {
        for (const state of ['committing', 'revealing', 'settling'] as const) {
          const next = nextTransition(state, { ...f, triesLeft: false });
          expect(next?.effects ?? []).toEqual([]);
        }
      }),
    );
  });

  it('goes through an honest run', () => {
    const base: RunFacts = {
      phase: 'commit',
      drawn: true,
      stages: 'unfinished',
      seat: undefined,
      tx: 'none',
      triesLeft: true,
      settleDue: false,
    };
    const story: [Partial<RunFacts>, RunState][] = [
      [{}, 'running'],
      [{ stages: 'done' }, 'committing'],
      [{ seat: 'committed', tx: 'included' }, 'committed'],
      [{ phase: 'reveal', seat: 'committed', tx: 'included' }, 'revealing'],
      [{ phase: 'reveal', seat: 'revealed', tx: 'included' }, 'awaiting-settlement'],
      [{ phase: 'settle', seat: 'revealed', tx: 'included', settleDue: true }, 'settling'],
      [{ phase: 'over', seat: 'majority', tx: 'included' }, 'final'],
    ];
    let state: RunState = 'seen';
    for (const [change, expected] of story) {
      state = nextTransition(state, { ...base, ...change })?.to ?? state;
      expect(state).toBe(expected);
    }
  });

  it('has no row that can never be taken', () => {
    const taken = new Set<number>();
    fc.assert(
      fc.property(fc.constantFrom(...RUN_STATES), facts, (state, f) => {
        const next = nextTransition(state, f);
        if (next) taken.add(TRANSITIONS.indexOf(next));
      }),
      { numRuns: 20_000, seed: 1 },
    );
    expect(taken.size).toBe(TRANSITIONS.length);
  });
});
