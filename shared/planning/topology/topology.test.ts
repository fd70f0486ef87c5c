import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { swarmOf } from '../placement/testdata/arbitrary.ts';
import { type Bar, barcodeOf, MOST_POINTS } from './barcode.ts';
import { barcodeDistance, bottleneckDistance } from './bottleneck.ts';
import { type Distances, distancesOf } from './distances.ts';
import { choosePlan, type StoredPlan, withPlan } from './plan-library.ts';

type Point = readonly [number, number];
const between = (points: readonly Point[]): Distances =>
  points.map(([x, y]) => points.map(([u, v]) => Math.hypot(x - u, y - v)));
const ring = (n: number, radius = 1): readonly Point[] =>
  Array.from({ length: n }, (_, i) => [
    radius * Math.cos((2 * Math.PI * i) / n),
    radius * Math.sin((2 * Math.PI * i) / n),
  ]);
const chord = (n: number, steps: number): number => 2 * Math.sin((Math.PI * steps) / n);
const grid = (side: number): readonly Point[] =>
  Array.from({ length: side * side }, (_, i) => [i % side, Math.floor(i / side)]);

const anyDistances = (n: number, max = 20): fc.Arbitrary<Distances> =>
  fc
    .array(fc.double({ min: 0, max, noNaN: true }), { minLength: n * n, maxLength: n * n })
    .map((flat) =>
      Array.from({ length: n }, (_, i) =>
        Array.from({ length: n }, (_, j) => (i === j ? 0 : (flat[Math.min(i, j) * n + Math.max(i, j)] ?? 0))),
      ),
    );

describe('distances', () => {
  it('are half a round trip and the bytes over the bandwidth', () => {
    const machines = ['a', 'b'].map((name) => ({ name, speed: 1, memoryBytes: 1 }));
    const swarm = swarmOf(machines, { latencyMs: 5, bytesPerMs: 10 });
    const links = [swarm.links[0]!, [{ latencyMs: 7, bytesPerMs: 20 }, swarm.links[1]![1]!]];
    expect(distancesOf({ machines, links }, 100)).toEqual([
      [0, 13.5],
      [13.5, 0],
    ]);
  });
});

/** Ranks over Z/2 of all simplices up to triangles: the definition, without any shortcut. */
const betti1 = (distances: Distances, r: number): number => {
  const n = distances.length;
  const rows: number[][] = [];
  const index = new Map<number, number>();
  for (let i = 0; i < n; i += 1)
    for (let j = 0; j < i; j += 1) if (distances[i]![j]! <= r) index.set(j * n + i, index.size);
  const edge = (i: number, j: number) => index.get(Math.min(i, j) * n + Math.max(i, j));
  for (let i = 0; i < n; i += 1) {
    for (let j = i + 1; j < n; j += 1) {
      for (let k = j + 1; k < n; k += 1) {
        const sides = [edge(i, j), edge(j, k), edge(i, k)];
        if (sides.every((side) => side !== undefined)) rows.push(sides as number[]);
      }
    }
  }
  const rank = (columns: readonly (readonly number[])[]): number => {
    const byPivot = new Map<number, Set<number>>();
    for (const column of columns) {
      let left = new Set(column);
      for (;;) {
        const other = byPivot.get(Math.max(...left));
        if (left.size === 0 || !other) break;
        left = new Set([...[...left].filter((row) => !other.has(row)), ...[...other].filter((row) => !left.has(row))]);
      }
      if (left.size > 0) byPivot.set(Math.max(...left), left);
    }
    return byPivot.size;
  };
  const boundaries = [...index.keys()].map((key) => [Math.floor(key / n), key % n]);
  return index.size - rank(boundaries) - rank(rows);
};

describe('a barcode', () => {
  it.each([6, 10, 12, 17])('of a ring of %i has one loop, from its side to the chord over a third', (n) => {
    const { h0, h1 } = barcodeOf(between(ring(n)));
    const [loop, ...rest] = h1.filter(({ birth, death }) => death - birth > 1e-9);
    expect(rest).toEqual([]);
    expect(loop?.birth).toBeCloseTo(chord(n, 1), 9);
    expect(loop?.death).toBeCloseTo(chord(n, Math.ceil(n / 3)), 9);
    expect(h0.length).toBe(n);
    for (const { death } of h0.slice(1)) expect(death).toBeCloseTo(chord(n, 1), 9);
  });

  it('of two clusters has one long bar between them', () => {
    const { h0, h1 } = barcodeOf(between([...grid(2), ...grid(2).map(([x, y]): Point => [x + 51, y])]));
    expect(h0.slice(0, 3)).toEqual([
      { birth: 0, death: Number.POSITIVE_INFINITY },
      { birth: 0, death: 50 },
      { birth: 0, death: 1 },
    ]);
    expect(h1.filter(({ birth, death }) => death - birth > 0.5)).toEqual([]);
  });

  it('of a grid has one short loop for each cell', () => {
    const { h1 } = barcodeOf(between(grid(5)));
    expect(h1.length).toBe(16);
    for (const bar of h1) expect(bar).toEqual({ birth: 1, death: Math.SQRT2 });
  });

  it('of machines that are equally far has no loop', () => {
    const { h0, h1 } = barcodeOf(Array.from({ length: 8 }, (_, i) => Array.from({ length: 8 }, (_, j) => +(i !== j))));
    expect(h1).toEqual([]);
    expect(h0.filter(({ death }) => death === 1).length).toBe(7);
  });

  it('of one machine is one piece', () => {
    expect(barcodeOf([[0]])).toEqual({ h0: [{ birth: 0, death: Number.POSITIVE_INFINITY }], h1: [] });
  });

  it('has as many loops alive at each distance as the ranks of the boundaries say', () => {
    fc.assert(
      fc.property(anyDistances(7), fc.double({ min: 0, max: 25, noNaN: true }), (distances, r) => {
        const alive = barcodeOf(distances).h1.filter(({ birth, death }) => birth <= r && r < death);
        expect(alive.length).toBe(betti1(distances, r));
      }),
    );
  });

  it('moves by no more than the distances do', () => {
    const any = fc.integer({ min: 2, max: 9 }).chain((n) => fc.tuple(anyDistances(n), anyDistances(n, 2)));
    fc.assert(
      fc.property(any, ([distances, jitter]) => {
        const moved = distances.map((row, i) => row.map((ms, j) => ms + jitter[i]![j]!));
        const most = Math.max(...moved.flatMap((row, i) => row.map((ms, j) => Math.abs(ms - distances[i]![j]!))));
        expect(barcodeDistance(barcodeOf(distances), barcodeOf(moved))).toBeLessThanOrEqual(most);
      }),
    );
  });

  it.each<[string, Distances, RegExp]>([
    ['no machines', [], /^0 machines/],
    ['too many', Array.from({ length: MOST_POINTS + 1 }, () => []), /^257 machines .* allowed are 1 to 256/],
    ['a short row', [[0, 1], [1]], /row 1 of 2 distances has 1/],
    [
      'no number',
      [
        [0, Number.NaN],
        [Number.NaN, 0],
      ],
      /0 to 1 is NaN ms/,
    ],
    [
      'two directions',
      [
        [0, 1],
        [2, 0],
      ],
      /0 to 1 is 1 ms, and back 2 ms/,
    ],
  ])('is refused for %s', (_what, distances, message) => {
    expect(() => barcodeOf(distances)).toThrow(message);
  });
});

describe('the bottleneck distance', () => {
  const bar = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 9 }));
  const bars = fc
    .array(bar, { maxLength: 4 })
    .map((all) => all.map(([birth, length]): Bar => ({ birth, death: birth + length })));

  /** Over all ways to match each bar with one of the other side or with nothing. */
  const brute = (a: readonly Bar[], b: readonly Bar[]): number => {
    const [first, ...rest] = a;
    const nothing = (x: Bar): number => (x.death - x.birth) / 2;
    if (!first) return Math.max(0, ...b.map(nothing));
    const matched = b.map((x, i) =>
      Math.max(
        Math.abs(x.birth - first.birth),
        Math.abs(x.death - first.death),
        brute(
          rest,
          b.filter((_, j) => j !== i),
        ),
      ),
    );
    return Math.min(Math.max(nothing(first), brute(rest, b)), ...matched);
  };

  it('is the best of all matchings', () => {
    fc.assert(
      fc.property(bars, bars, (a, b) => {
        expect(bottleneckDistance(a, b)).toBe(brute(a, b));
      }),
    );
  });

  it('matches bars without an end by their births, and never with nothing', () => {
    const endless = (birth: number): Bar => ({ birth, death: Number.POSITIVE_INFINITY });
    expect(bottleneckDistance([endless(0), endless(5)], [endless(6), endless(2)])).toBe(2);
    expect(bottleneckDistance([endless(0)], [])).toBe(Number.POSITIVE_INFINITY);
    expect(bottleneckDistance([], [])).toBe(0);
  });
});

describe('a library of plans', () => {
  const stored = (plan: string, distances: Distances, model = 'm'): StoredPlan<string> => ({
    model,
    plan,
    barcode: barcodeOf(distances),
  });
  const tight = stored('tight', between(ring(8, 1)));
  const wide = stored('wide', between(ring(8, 10)));
  const library = [tight, wide, stored('other', between(ring(8, 4)), 'other model')];

  it('gives the plan of the most similar swarm of the model', () => {
    const now = { model: 'm', barcode: barcodeOf(between(ring(8, 4))), current: undefined, slackMs: 0.5 };
    expect(choosePlan(library, now)).toMatchObject({ stored: tight, switched: true });
    expect(choosePlan(library, { ...now, model: 'unknown' })).toBeUndefined();
  });

  it('keeps the current plan under jitter of up to half the slack', () => {
    const base = between(ring(8, 1));
    const near = stored(
      'near',
      base.map((row) => row.map((ms) => ms * 1.02)),
    );
    fc.assert(
      fc.property(anyDistances(8, 0.25), (jitter) => {
        const barcode = barcodeOf(base.map((row, i) => row.map((ms, j) => ms + (i === j ? 0 : jitter[i]![j]!))));
        const chosen = choosePlan([...library, near], { model: 'm', barcode, current: tight, slackMs: 0.5 });
        expect(chosen).toMatchObject({ stored: tight, switched: false });
      }),
    );
  });

  it('switches after a real change, and says why', () => {
    const now = { model: 'm', barcode: barcodeOf(between(ring(8, 9.5))), current: tight, slackMs: 0.5 };
    const chosen = choosePlan(library, now);
    expect(chosen).toMatchObject({ stored: wide, switched: true });
    expect(chosen?.because).toMatch(
      /^the nearest plan is 0\.\d+ ms away, the current one \d.* ms: more than 0.5 ms far/,
    );
  });

  it('keeps one plan for a model and a shape', () => {
    const newer = stored('newer', between(ring(8, 1)));
    expect(withPlan(library, newer).map(({ plan }) => plan)).toEqual(['wide', 'other', 'newer']);
    expect(withPlan(library, stored('more', between(ring(8, 2)))).length).toBe(4);
  });
});
