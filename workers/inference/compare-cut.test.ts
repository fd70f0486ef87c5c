import { describe, expect, it } from 'vitest';
import type { TensorBytes } from '../../shared/protocol/digest.ts';
import { compareCut } from './compare-cut.ts';
import type { InferenceEngine } from './engine.ts';
import { numbersOf } from './numbers.ts';

const f32 = (...values: number[]): TensorBytes => ({
  dtype: 'float32',
  dims: [values.length],
  data: new Uint8Array(Float32Array.from(values).buffer),
});
const half = (...bits: number[]): TensorBytes => ({
  dtype: 'float16',
  dims: [bits.length],
  data: new Uint8Array(Uint16Array.from(bits).buffer),
});

/** Each file gives one output, always this tensor. */
const engine = (outputs: Record<string, TensorBytes>): InferenceEngine => ({
  load: async (file) => ({
    inputs: [],
    outputs: ['out'],
    run: async () => [outputs[String(file)]!],
    release: async () => {},
  }),
});
const compare = (whole: TensorBytes, stage: TensorBytes) =>
  compareCut(engine({ whole, stage }), {} as never, { whole: 'whole', stages: ['stage'] }, new Map());

describe('a comparison', () => {
  it('is exact for the same bytes', async () => {
    expect(await compare(f32(1, Number.NaN), f32(1, Number.NaN))).toEqual({ exact: true, maxAbsError: 0 });
  });

  it('tells the largest difference', async () => {
    expect(await compare(f32(1, 2, Number.POSITIVE_INFINITY), f32(1.5, 1, Number.POSITIVE_INFINITY))).toEqual({
      exact: false,
      maxAbsError: 1,
    });
    expect(await compare(f32(0), f32(-0))).toEqual({ exact: false, maxAbsError: 0 });
    expect(await compare(half(0x3c00), half(0x4000))).toEqual({ exact: false, maxAbsError: 1 });
  });

  it('is infinitely off for another shape, another type, or where only one is not a number', async () => {
    for (const [a, b] of [
      [f32(1), f32(1, 2)],
      [f32(1), half(1, 2)],
      [f32(1), f32(Number.NaN)],
      [f32(1), f32(Number.NEGATIVE_INFINITY)],
    ] as const) {
      expect(await compare(a, b)).toEqual({ exact: false, maxAbsError: Number.POSITIVE_INFINITY });
    }
  });
});

describe('numbers of float16', () => {
  it('are those of IEEE 754', () => {
    const bits = [0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x8000];
    const { POSITIVE_INFINITY, NEGATIVE_INFINITY, NaN: notANumber } = Number;
    expect([...numbersOf(half(...bits))]).toEqual([
      1,
      -2,
      2 ** -24,
      65504,
      POSITIVE_INFINITY,
      NEGATIVE_INFINITY,
      notANumber,
      -0,
    ]);
  });
});
