import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anySwarm, swarmOf } from './placement/testdata/arbitrary.ts';
import { placements } from './placement/testdata/brute-force.ts';
import { type RebalanceFacts, rebalance } from './rebalance.ts';

const LINK = { latencyMs: 1, bytesPerMs: 1000 };
const machines = (...speeds: readonly number[]) =>
  speeds.map((speed, i) => ({ name: `m${i}`, speed, memoryBytes: 100_000 }));
const stage = (ms: number, profileMs?: number) => ({ ms, profileMs, weightBytes: 10, peakBytes: 5 });
const facts = (over: Partial<RebalanceFacts> = {}): RebalanceFacts => ({
  stages: [stage(10), stage(10), stage(10), stage(10)],
  boundaryBytes: [0, 0, 0],
  assignment: [0, 0, 0, 1],
  swarm: swarmOf(machines(1, 1), LINK),
  ...over,
});

describe('moving stages', () => {
  it('is proposed when the slowest machine becomes much faster, with boundaries and gain', () => {
    expect(rebalance(facts())).toEqual({
      move: true,
      presentMs: 30,
      predictedMs: 20,
      before: [
        { machine: 0, from: 0, to: 3 },
        { machine: 1, from: 3, to: 4 },
      ],
      after: [
        { machine: 0, from: 0, to: 2 },
        { machine: 1, from: 2, to: 4 },
      ],
      because:
        'the slowest would take 20 ms instead of 30 ms: from stages 0 to 2 on m0, stage 3 on m1 to stages 0 to 1 on m0, stages 2 to 3 on m1',
    });
  });

  it.each([
    ['at the threshold', [stage(30), stage(10)], [0, 0], 40, 30],
    ['within the tie margin of it', [stage(2998), stage(1002)], [0, 0], 4000, 2998],
    ['when nothing is better', [stage(10), stage(10)], [0, 1], 10, 10],
  ])('is not worth it %s', (_what, stages, assignment, presentMs, predictedMs) => {
    const result = rebalance(facts({ stages, assignment, boundaryBytes: [0] }));
    expect(result).toMatchObject({ move: false, presentMs, predictedMs });
    expect(result.after).toBe(result.before);
    expect(result.because).toMatch(/not below 0.75 of it, so nothing moves$/);
  });

  it('sees by the profile that a machine has become slow', () => {
    const swarm = swarmOf(machines(1, 1, 1), LINK);
    // Machine 1 takes five times as long as it should; 2 idles.
    const slow = { stages: [stage(10, 10), stage(50, 10)], boundaryBytes: [0], assignment: [0, 1], swarm };
    expect(rebalance(facts(slow))).toMatchObject({ move: true, presentMs: 50, predictedMs: 10 });
    expect(
      rebalance(facts(slow))
        .after.map(({ machine }) => machine)
        .sort(),
    ).toEqual([0, 2]);
    // Without one, the stage itself looks long.
    const blind = { ...slow, stages: [stage(10), stage(50)] };
    expect(rebalance(facts(blind))).toMatchObject({ move: false, predictedMs: 50 });
  });

  it('charges links as placements do', () => {
    const stages = [stage(10), stage(10)];
    const result = rebalance(facts({ stages, boundaryBytes: [30_000], assignment: [0, 1] }));
    expect(result).toMatchObject({ move: true, presentMs: 40, predictedMs: 20 });
    expect(result.after.length).toBe(1);
  });

  it('is not proposed when nothing fits', () => {
    const small = machines(1, 1).map((machine) => ({ ...machine, memoryBytes: 12 }));
    const result = rebalance(facts({ swarm: swarmOf(small, LINK) }));
    expect(result).toMatchObject({ move: false, predictedMs: undefined });
    expect(result.because).toMatch(/no other placement fits/);
  });

  it('never exceeds a memory, and always gains what it says', () => {
    const any = fc
      .tuple(fc.integer({ min: 1, max: 5 }), anySwarm(3))
      .chain(([n, swarm]) => {
        const all = [...placements(n, swarm.machines.length, n)];
        const many = (max: number) => fc.array(fc.integer({ min: 1, max }), { minLength: n, maxLength: n });
        return fc.record({
          swarm: fc.constant(swarm),
          runs: fc.constantFrom(...all),
          ms: many(20),
          weights: many(20),
          peaks: many(20),
          boundary: many(9),
        });
      })
      .map(({ swarm, runs, ms, weights, peaks, boundary }) => ({
        swarm,
        stages: ms.map((one, i) => ({ ms: one, weightBytes: weights[i]!, peakBytes: peaks[i]! })),
        boundaryBytes: boundary.slice(1),
        assignment: runs.flatMap(({ machine, from, to }) => Array<number>(to - from).fill(machine)),
      }));
    fc.assert(
      fc.property(any, (given) => {
        const { move, after, presentMs, predictedMs } = rebalance(given);
        if (!move) return;
        expect(predictedMs).toBeLessThan(0.75 * presentMs);
        for (const { machine, from, to } of after) {
          const held = given.stages.slice(from, to);
          const weights = held.reduce((sum, { weightBytes }) => sum + weightBytes, 0);
          const peak = Math.max(...held.map(({ peakBytes }) => peakBytes));
          expect(weights + peak).toBeLessThanOrEqual(given.swarm.machines[machine]!.memoryBytes);
        }
      }),
    );
  });

  it.each<[string, Partial<RebalanceFacts>, RegExp]>([
    ['too few boundaries', { boundaryBytes: [] }, /4 stages, 0 boundaries and 4 machines/],
    ['a time that is no number', { stages: [stage(Number.NaN), stage(1), stage(1), stage(1)] }, /stage 0 has ms NaN/],
    ['a boundary below 0', { boundaryBytes: [0, -1, 0] }, /boundary of -1 bytes/],
    ['an unknown machine', { assignment: [0, 0, 7, 7] }, /no machine 7/],
    ['stages that are not in a row', { assignment: [0, 1, 0, 0] }, /machine 0 has stages that are not in a row/],
    ['a bad swarm', { swarm: swarmOf(machines(1, 0), LINK) }, /m1 has speed 0/],
  ])('is refused for %s', (_what, over, message) => {
    expect(() => rebalance(facts(over))).toThrow(message);
  });
});
