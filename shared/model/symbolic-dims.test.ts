import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SizedRun, symbolicDims } from './symbolic-dims.ts';

type Family = Readonly<Record<string, (sizes: Readonly<Record<string, number>>) => number[]>>;

const runs = (family: Family, sizes: readonly Readonly<Record<string, number>>[]): SizedRun[] =>
  sizes.map((s) => ({
    sizes: s,
    tensors: Object.fromEntries(
      Object.entries(family).map(([name, dims]) => [name, { dtype: 'float32', dims: dims(s), sizeBytes: 4 }]),
    ),
  }));

const dimsOf = (family: Family, sizes: readonly Readonly<Record<string, number>>[]) =>
  Object.fromEntries(Object.entries(symbolicDims(runs(family, sizes))).map(([name, { dims }]) => [name, dims]));

const columns = (s: Readonly<Record<string, number>>) => s.columns ?? 0;

describe('symbolic dims', () => {
  it('follow an input through strides, paddings and reshapes', () => {
    const family: Family = {
      x: (s) => [1, 3, 48, columns(s)],
      halved: (s) => [1, 16, 24, columns(s) / 2],
      eighth: (s) => [1, 240, 6, columns(s) / 8],
      unpadded: (s) => [columns(s) - 2],
      padded: (s) => [columns(s) / 8 + 1],
      flat: (s) => [3 * columns(s)],
      mixed: (s) => [(3 * columns(s)) / 2 + 4],
    };
    expect(dimsOf(family, [{ columns: 320 }, { columns: 640 }, { columns: 160 }])).toEqual({
      x: [1, 3, 48, 'columns'],
      halved: [1, 16, 24, 'columns/2'],
      eighth: [1, 240, 6, 'columns/8'],
      unpadded: ['columns-2'],
      padded: ['columns/8+1'],
      flat: ['3*columns'],
      mixed: ['3*columns/2+4'],
    });
  });

  it('are exact lines wherever three sizes say so', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 2, 4, 8, 16), fc.integer({ min: 1, max: 9 }), fc.nat(20), (by, times, more) => {
        const family: Family = { y: (s) => [(times * columns(s)) / by + more] };
        const text = String(dimsOf(family, [{ columns: 16 }, { columns: 64 }, { columns: 160 }]).y?.[0]);
        const value = new Function('columns', `return ${text}`)(352);
        expect(value).toBe((times * 352) / by + more);
      }),
    );
  });

  it('round up or down as a convolution with stride does', () => {
    const family: Family = {
      padded: (s) => [Math.ceil(columns(s) / 2)],
      unpadded: (s) => [Math.floor(columns(s) / 4) - 1],
    };
    expect(dimsOf(family, [{ columns: 31 }, { columns: 64 }, { columns: 45 }])).toEqual({
      padded: ['ceil(columns/2)'],
      unpadded: ['floor(columns/4)-1'],
    });
  });

  it('know two inputs apart, and their product', () => {
    const family: Family = {
      x: (s) => [s.batch ?? 0, columns(s)],
      flat: (s) => [((s.batch ?? 0) * columns(s)) / 8, 7],
    };
    const sizes = [
      { batch: 1, columns: 64 },
      { batch: 3, columns: 64 },
      { batch: 3, columns: 160 },
    ];
    expect(dimsOf(family, sizes)).toEqual({ x: ['batch', 'columns'], flat: ['batch*columns/8', 7] });
  });

  it('are free names of their own where no law fits or several do', () => {
    const square: Family = { y: (s) => [columns(s) ** 2], z: (s) => [columns(s) ** 2] };
    expect(dimsOf(square, [{ columns: 8 }, { columns: 16 }, { columns: 40 }])).toEqual({ y: ['y:0'], z: ['z:0'] });
    const together: Family = { y: (s) => [columns(s)] };
    const sizes = [
      { batch: 1, columns: 8 },
      { batch: 2, columns: 16 },
    ];
    expect(dimsOf(together, sizes)).toEqual({ y: ['y:0'] });
  });

  it('are numbers after a single run, or where another run lacks the tensor', () => {
    const family: Family = { x: (s) => [1, columns(s)] };
    expect(dimsOf(family, [{ columns: 8 }])).toEqual({ x: [1, 8] });
    const [one] = runs(family, [{ columns: 8 }]);
    expect(symbolicDims([one as SizedRun, { sizes: { columns: 9 }, tensors: {} }]).x?.dims).toEqual([1, 8]);
  });
});
