import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nonNegativeLeastSquares } from './fit-cost.ts';

const times = (rows: readonly (readonly number[])[], x: readonly number[]): number[] =>
  rows.map((row) => row.reduce((sum, v, j) => sum + v * (x[j] ?? 0), 0));

describe('non-negative least squares', () => {
  it('finds the exact answer where there is one without negative elements', () => {
    const rows = [
      [1, 2],
      [3, 4],
      [5, 7],
    ];
    const [a = 0, b = 0] = nonNegativeLeastSquares(rows, times(rows, [0.5, 2]));
    expect(a).toBeCloseTo(0.5, 9);
    expect(b).toBeCloseTo(2, 9);
  });

  it('leaves out a column that would become negative', () => {
    // Without the bound: (2, -1).
    const rows = [
      [1, 1],
      [1, 2],
      [1, 3],
    ];
    const [a = 0, b = 0] = nonNegativeLeastSquares(rows, [1, 0, -1]);
    expect([a, b]).toEqual([0, 0]);
    const [c = 0, d = 0] = nonNegativeLeastSquares(rows, [3, 2, 1]);
    expect(c).toBeCloseTo(2, 9);
    expect(d).toBe(0);
  });

  it('gives zeros where there is nothing to fit', () => {
    expect(nonNegativeLeastSquares([], [])).toEqual([]);
    expect(nonNegativeLeastSquares([[0, 0]], [3])).toEqual([0, 0]);
  });

  it('meets the conditions of an optimum (Karush, Kuhn, Tucker)', () => {
    const number = fc.integer({ min: -50, max: 50 });
    const problem = fc
      .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 12 }))
      .chain(([columns, count]) =>
        fc.tuple(
          fc.array(fc.array(number, { minLength: columns, maxLength: columns }), {
            minLength: count,
            maxLength: count,
          }),
          fc.array(number, { minLength: count, maxLength: count }),
        ),
      );
    fc.assert(
      fc.property(problem, ([rows, b]) => {
        const x = nonNegativeLeastSquares(rows, b);
        const residual = times(rows, x).map((value, i) => (b[i] ?? 0) - value);
        x.forEach((value, j) => {
          const gradient = rows.reduce((sum, row, i) => sum + (row[j] ?? 0) * (residual[i] ?? 0), 0);
          expect(value).toBeGreaterThanOrEqual(0);
          expect(gradient).toBeLessThan(1e-3);
          if (value > 1e-6) expect(Math.abs(gradient)).toBeLessThan(1e-3);
        });
      }),
    );
  });
});
