import type { BoundaryTensor } from '../stages-at.ts';
import { floats, info, node, onnxFile } from './build.ts';

/** Each byte x becomes (5 * (3 * x + 7) + 1) mod 256. */
export const tinyOnnx = (): Uint8Array => {
  const [float32, uint8] = [1, 2];
  return onnxFile({
    name: 'tiny',
    node: [
      node('Cast', ['bytes_in'], 'x', { to: float32 }),
      node('Mul', ['x', 'three'], 'x3'),
      node('Add', ['x3', 'seven'], 'y'),
      node('Mul', ['y', 'five'], 'y5'),
      node('Add', ['y5', 'one'], 'z'),
      node('Mod', ['z', 'wrap'], 'wrapped', { fmod: 1 }),
      node('Cast', ['wrapped'], 'bytes_out', { to: uint8 }),
    ],
    initializer: [
      floats('three', [3]),
      floats('seven', [7]),
      floats('five', [5]),
      floats('one', [1]),
      floats('wrap', [256]),
    ],
    input: [info('bytes_in', [1, 'bytes'], 'uint8')],
    output: [info('bytes_out', [1, 'bytes'], 'uint8')],
    valueInfo: [info('y', [1, 'bytes'])],
  });
};

/** Where it can be cut, in order: after each step of its own. */
export const TINY_CUTS: readonly BoundaryTensor[] = ['x', 'y', 'z'].map((name) => ({
  name,
  dtype: 'float32',
  dims: [1, 'bytes'],
}));
