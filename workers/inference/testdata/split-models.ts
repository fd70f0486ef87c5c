import { floats, graph, info, ints, node, onnxFile } from '../../../shared/model/onnx/testdata/build.ts';

const wave = (length: number, step = 0.37): number[] => Array.from({ length }, (_, i) => Math.sin(i * step));

/** A branch whose bodies read outer names, one of them made two nodes before, and hold big weights of their own. */
export const branchingOnnx = (): Uint8Array => {
  const body = (name: string, step: number) =>
    graph({
      name,
      node: [node('Mul', ['a', `w_${name}`], `m_${name}`), node('Add', [`m_${name}`, 'b'], `o_${name}`)],
      initializer: [floats(`w_${name}`, wave(512, step))],
      output: [info(`o_${name}`, [512])],
    });
  return onnxFile({
    node: [
      node('Mul', ['x', 'w'], 'a'),
      node('Sigmoid', ['a'], 'b'),
      node('ReduceSum', ['b'], 'sum', { keepdims: 0 }),
      node('Greater', ['sum', 'limit'], 'condition'),
      node('If', ['condition'], 'c', { then_branch: body('then', 0.2), else_branch: body('else', 0.9) }),
      node('Tanh', ['c'], 'd'),
      node('Add', ['d', 'a'], 'out'),
    ],
    initializer: [floats('w', wave(512)), floats('limit', [256], [])],
    input: [info('x', [512])],
    output: [info('out', [512])],
  });
};

/** An LSTM of 8 cells over 4 features, its state as inputs h and c and outputs hn and cn, between a scale and a layer. */
export const lstmOnnx = (): Uint8Array =>
  onnxFile({
    node: [
      node('Mul', ['x', 'scale'], 'scaled'),
      node('LSTM', ['scaled', 'W', 'R', '', '', 'h', 'c'], ['y', 'hn', 'cn'], { hidden_size: 8 }),
      node('Squeeze', ['y', 'axis'], 'rows'),
      node('MatMul', ['rows', 'M'], 'product'),
      node('Relu', ['product'], 'out'),
    ],
    initializer: [
      floats('scale', [0.5]),
      floats('W', wave(128), [1, 32, 4]),
      floats('R', wave(256, 0.7), [1, 32, 8]),
      ints('axis', [1]),
      floats('M', wave(8 * 64, 0.11), [8, 64]),
    ],
    input: [info('x', ['time', 1, 4]), info('h', [1, 1, 8]), info('c', [1, 1, 8])],
    output: [info('out', ['time', 1, 64]), info('hn', [1, 1, 8]), info('cn', [1, 1, 8])],
  });
