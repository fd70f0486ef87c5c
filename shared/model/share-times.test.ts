import { describe, expect, it } from 'vitest';
import { computeNodes } from './onnx/compute-nodes.ts';
import { dataflow } from './onnx/dataflow.ts';
import { readModel } from './onnx/model-file.ts';
import { info, node, onnxFile, weight } from './onnx/testdata/build.ts';
import { shareTimes } from './share-times.ts';

const { graph } = readModel(
  onnxFile({
    node: [
      node('Neg', ['w'], 'made'),
      node('Conv', ['x', 'made'], 'c'),
      node('Relu', ['c'], 'r'),
      node('Conv', ['r', 'w'], 'd'),
      node('Identity', ['d'], 'y'),
    ],
    initializer: [weight('w', [1])],
    input: [info('x', [1])],
    output: [info('y', [1])],
  }),
);

const FLOPS: Readonly<Record<string, number>> = { Conv: 3, Relu: 1 };

const share = (
  ran: readonly (readonly [input: string[], output: string[], timeMs: number, name?: string])[],
  flops = FLOPS,
) =>
  shareTimes(
    computeNodes(graph, dataflow(graph)),
    dataflow(graph),
    ran.map(([input, output, timeMs, name = '']) => ({ name, input, output, timeMs })),
    ({ opType }) => ({ kind: 'convolution', bytes: 0, flops: flops[opType] ?? 0 }),
  );

describe('sharing the times of an optimised graph', () => {
  it('gives a node that still runs its own time, and weights none', () => {
    const times = share([
      [['w'], ['made'], 9],
      [['x', 'made'], ['c'], 1],
      [['c'], ['r'], 2],
      [['r', 'w'], ['d'], 3],
      [['d'], ['y'], 4],
    ]);
    expect(times).toEqual({ c: 1, r: 2, d: 3, y: 4 });
  });

  it('shares a fused node among the nodes it stands for, by FLOPs', () => {
    expect(
      share([
        [['x', 'folded'], ['r'], 4],
        [['r', 'w'], ['y'], 5],
      ]),
    ).toEqual({ c: 3, r: 1, d: 5, y: 0 });
  });

  it('shares equally what has no FLOPs', () => {
    expect(share([[['x', 'folded'], ['r'], 4]], {})).toMatchObject({ c: 2, r: 2 });
  });

  it('takes nodes as one that only a tensor of the optimised graph joins', () => {
    const times = share([
      [['x'], ['blocked'], 1],
      [['blocked', 'folded'], ['blocked-2'], 2],
      [['blocked-2'], ['r'], 1],
      [['r', 'w'], ['d'], 1],
      [['d'], ['y'], 1],
    ]);
    expect(times).toEqual({ c: 3, r: 1, d: 1, y: 1 });
  });

  it('knows a blocked copy of a tensor by the name of its node', () => {
    const times = share([
      [['x', 'folded'], ['token-1'], 4, 'r_nchwc'],
      [['token-1', 'folded-2'], ['token-2'], 6, 'd_nchwc'],
      [['token-2'], ['d'], 2, 'ReorderOutput'],
      [['d'], ['y'], 1],
    ]);
    expect(times).toEqual({ c: 3, r: 1, d: 8, y: 1 });
  });
});
