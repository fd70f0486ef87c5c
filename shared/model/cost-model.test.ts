import { describe, expect, it } from 'vitest';
import { type Calibration, machineOf, speedOf } from './calibration.ts';
import { analyticProfile, analyticTimes, fitMachine, type MachineRates, nodeTimeMs } from './cost-model.ts';
import { readModel } from './onnx/model-file.ts';
import { info, node, onnxFile, weight } from './onnx/testdata/build.ts';

const machine: MachineRates = { flopsPerMs: 1000, bytesPerMs: 100, launchMs: 0.5, factors: {} };

const convolution = (valueInfo = [info('c', ['n', 4, 8, 8]), info('b', ['n', 4, 8, 8])]) =>
  readModel(
    onnxFile({
      node: [
        node('Constant', [], 'k', { value: weight('', [4]) }),
        node('Conv', ['x', 'w'], 'c'),
        node('BatchNormalization', ['c', 'k', 'k', 'k', 'k'], 'b'),
        node('Relu', ['b'], 'y'),
      ],
      initializer: [weight('w', [4, 3, 3, 3])],
      input: [info('x', ['n', 3, 10, 10])],
      output: [info('y', ['n', 4, 8, 8])],
      valueInfo,
    }),
  );

describe('the cost model', () => {
  it('takes the longer of computing and moving, and adds the launch', () => {
    expect(nodeTimeMs({ kind: 'matmul', flops: 5000, bytes: 100 }, machine)).toBe(5.5);
    expect(nodeTimeMs({ kind: 'matmul', flops: 10, bytes: 300 }, machine)).toBe(3.5);
    expect(nodeTimeMs({ kind: 'matmul', flops: 10, bytes: 300 }, { ...machine, factors: { matmul: 2 } })).toBe(6.5);
  });

  it('finds the factors and the launch cost that made the times', () => {
    const true_: MachineRates = { ...machine, launchMs: 0.25, factors: { matmul: 3, elementwise: 0.5 } };
    const samples = [1, 2, 5].flatMap((size) =>
      (['matmul', 'elementwise'] as const).map((kind) => {
        const cost = { kind, flops: 1000 * size, bytes: 10 };
        return { cost, timeMs: nodeTimeMs(cost, true_) };
      }),
    );
    const fitted = fitMachine({ ...machine, factors: { pooling: 7 } }, samples);
    expect(fitted.launchMs).toBeCloseTo(0.25, 9);
    expect(fitted.factors.matmul).toBeCloseTo(3, 9);
    expect(fitted.factors.elementwise).toBeCloseTo(0.5, 9);
    expect(fitted.factors.pooling).toBe(7);
  });

  it('predicts a model from its file alone when that declares all shapes', () => {
    const { nodes, tensors } = analyticProfile(convolution(), { ...machine, bytesPerMs: 1000 }, { n: 2 });
    expect(nodes).toEqual({
      c: (2 * 2 * 4 * 64 * 27) / 1000 + 0.5,
      b: 0.5,
      y: (2 * 4 * 2 * 4 * 64) / 1000 + 0.5,
    });
    expect(tensors.c).toEqual({ dtype: 'float32', dims: [2, 4, 8, 8], sizeBytes: 2048 });
    expect(Object.keys(tensors).sort()).toEqual(['b', 'c', 'k', 'x', 'y']);
  });

  it('refuses a file that leaves out shapes, or a free dimension without a size', () => {
    const refused = expect.objectContaining({ code: 'profile-needs-shapes' });
    expect(() => analyticProfile(convolution([]), machine, { n: 2 })).toThrow(refused);
    expect(() => analyticProfile(convolution(), machine)).toThrow(refused);
  });

  it('predicts for another machine from the shapes of a measured profile', () => {
    const model = convolution();
    const { nodes, tensors } = analyticProfile(model, machine, { n: 2 });
    expect(analyticTimes(model.graph, tensors, machine)).toEqual(nodes);
    const symbolic = { ...tensors, c: { dtype: 'float32', dims: ['n', 4, 8, 8], sizeBytes: 2048 } };
    expect(() => analyticTimes(model.graph, symbolic, machine)).toThrow(
      expect.objectContaining({ code: 'profile-needs-shapes' }),
    );
  });
});

describe('calibrations', () => {
  const slow: Calibration = {
    matmulFlopsPerMs: 1e6,
    convolutionFlopsPerMs: 5e5,
    depthwiseFlopsPerMs: 1e5,
    bytesPerMs: 1e5,
    launchMs: 0.01,
  };

  it('give the cost model its rates', () => {
    const fromSlow = machineOf(slow);
    expect(nodeTimeMs({ kind: 'convolution', flops: 5e5, bytes: 0 }, fromSlow)).toBeCloseTo(1.01, 12);
    expect(nodeTimeMs({ kind: 'matmul', flops: 1e6, bytes: 0 }, fromSlow)).toBeCloseTo(1.01, 12);
  });

  it('say how many times as fast one machine is as another', () => {
    const fast = { ...slow, matmulFlopsPerMs: 16e6, convolutionFlopsPerMs: 8e6 };
    expect(speedOf(slow, slow)).toBe(1);
    expect(speedOf(fast, slow)).toBeCloseTo(4, 12);
    expect(speedOf(slow, fast)).toBeCloseTo(1 / 4, 12);
  });
});
