import { describe, expect, it } from 'vitest';
import { nodeCost } from './analytic-cost.ts';
import { shape } from './onnx/tensor-shapes.ts';
import { node } from './onnx/testdata/build.ts';

const shapes = (all: Readonly<Record<string, readonly number[]>>) =>
  new Map(Object.entries(all).map(([name, dims]) => [name, shape('float32', dims)]));

describe('the cost of a node', () => {
  it('counts a multiplication and an addition for each term of a matrix product', () => {
    const known = shapes({ a: [2, 5, 7], b: [7, 11], y: [2, 5, 11] });
    expect(nodeCost(node('MatMul', ['a', 'b'], 'y'), known)).toEqual({
      kind: 'matmul',
      flops: 2 * 2 * 5 * 7 * 11,
      bytes: 4 * (70 + 77 + 110),
    });
  });

  it('takes a transposed matrix for what it is', () => {
    const known = shapes({ a: [7, 5], b: [7, 11], c: [11], y: [5, 11] });
    expect(nodeCost(node('Gemm', ['a', 'b', 'c'], 'y', { transA: 1 }), known).flops).toBe(2 * 5 * 7 * 11);
  });

  it('follows the formulas of convolutions, groups and all', () => {
    const known = shapes({
      x: [1, 8, 10, 10],
      full: [16, 8, 3, 3],
      grouped: [16, 4, 3, 3],
      single: [8, 1, 3, 3],
      back: [8, 4, 2, 2],
      y: [1, 16, 8, 8],
      d: [1, 8, 8, 8],
      t: [1, 4, 20, 20],
    });
    const conv = (weight: string, output: string, group = 1) =>
      nodeCost(node('Conv', ['x', weight], output, { group }), known);
    expect(conv('full', 'y')).toMatchObject({ kind: 'convolution', flops: 2 * 16 * 64 * 8 * 9 });
    expect(conv('grouped', 'y', 2)).toMatchObject({ kind: 'convolution', flops: 2 * 16 * 64 * 4 * 9 });
    expect(conv('single', 'd', 8)).toMatchObject({ kind: 'depthwise', flops: 2 * 8 * 64 * 9 });
    expect(nodeCost(node('ConvTranspose', ['x', 'back'], 't'), known).flops).toBe(2 * 8 * 100 * 4 * 4);
  });

  it('follows the formulas of recurrent operators', () => {
    const [steps, batch, input, hidden] = [6, 2, 3, 5];
    const of = (gates: number, opType: string) =>
      nodeCost(
        node(opType, ['x', 'w', 'r'], 'y'),
        shapes({
          x: [steps, batch, input],
          w: [2, gates * hidden, input],
          r: [2, gates * hidden, hidden],
          y: [steps, 2, batch, hidden],
        }),
      ).flops;
    expect(of(4, 'LSTM')).toBe(2 * 8 * steps * batch * hidden * (hidden + input));
    expect(of(3, 'GRU')).toBe(2 * 6 * steps * batch * hidden * (hidden + input));
  });

  it('reads the width of a quantised matrix and the window of a pool from the attributes', () => {
    const known = shapes({
      a: [4, 64],
      packed: [32, 2, 16],
      scales: [64],
      y: [4, 32],
      x: [1, 2, 8, 8],
      p: [1, 2, 4, 4],
    });
    expect(nodeCost(node('MatMulNBits', ['a', 'packed', 'scales'], 'y', { K: 64, N: 32 }), known).flops).toBe(
      2 * 4 * 64 * 32,
    );
    expect(nodeCost(node('MaxPool', ['x'], 'p', { kernel_shape: [3, 3] }), known)).toMatchObject({
      kind: 'pooling',
      flops: 32 * 9,
    });
    expect(nodeCost(node('GlobalAveragePool', ['x'], 'p'), known).flops).toBe(128);
  });

  it('charges data movement by its bytes, a view nothing, and a table only what is taken from it', () => {
    const known = shapes({ x: [10, 10], y: [100], table: [1000, 10], indices: [2], taken: [2, 10] });
    expect(nodeCost(node('Transpose', ['x'], 'y'), known)).toEqual({ kind: 'movement', flops: 0, bytes: 800 });
    expect(nodeCost(node('Reshape', ['x', 'indices'], 'y'), known)).toEqual({ kind: 'view', flops: 0, bytes: 0 });
    expect(nodeCost(node('Gather', ['table', 'indices'], 'taken'), known).bytes).toBe(160);
  });

  it('takes operators that it does not know as elementwise, and left-out inputs as nothing', () => {
    const known = shapes({ x: [10], y: [10] });
    expect(nodeCost(node('Unheard', ['x', '', 'x'], ['', 'y']), known)).toEqual({
      kind: 'elementwise',
      flops: 10,
      bytes: 120,
    });
  });

  it('refuses a tensor without a shape, naming it', () => {
    expect(() => nodeCost(node('Neg', ['x'], 'y'), shapes({ x: [1] }))).toThrow(
      expect.objectContaining({ code: 'profile-needs-shapes', details: { tensor: 'y' } }),
    );
  });
});
