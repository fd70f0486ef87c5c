import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TensorProto } from '../../../../shared/model/onnx/onnx_pb.ts';
import { elsewhere, floats, info, node, onnxFile } from '../../../../shared/model/onnx/testdata/build.ts';

const WIDTH = 64;
export const LAYER_BYTES = 4 * WIDTH * WIDTH;

const values = (layer: number): number[] =>
  Array.from({ length: WIDTH * WIDTH }, (_, i) => Math.sin((i + layer) * 78.233) / 8);

/** Three layers of 64 by 64 over a free batch: x, a, b, c, d, out. */
const layered = (weights: readonly TensorProto[]): Uint8Array =>
  onnxFile({
    node: [
      node('MatMul', ['x', 'w0'], 'a'),
      node('Relu', ['a'], 'b'),
      node('MatMul', ['b', 'w1'], 'c'),
      node('Relu', ['c'], 'd'),
      node('MatMul', ['d', 'w2'], 'out'),
    ],
    initializer: [...weights],
    input: [info('x', ['batch', WIDTH])],
    output: [info('out', ['batch', WIDTH])],
  });

const weight = (layer: number): TensorProto => floats(`w${layer}`, values(layer), [WIDTH, WIDTH]);

export const layeredOnnx = (): Uint8Array => layered([0, 1, 2].map(weight));

/** Writes the same model, each layer's weights at this place of this file. @returns the path of its graph */
export const writeLayered = async (
  folder: string,
  places: readonly { readonly location: string; readonly offsetBytes: number }[],
): Promise<string> => {
  const files = new Map<string, Buffer>();
  const weights = places.map(({ location, offsetBytes }, layer) => {
    const { rawData } = weight(layer);
    const grown = Buffer.alloc(Math.max(files.get(location)?.length ?? 0, offsetBytes + rawData.length));
    files.get(location)?.copy(grown);
    grown.set(rawData, offsetBytes);
    files.set(location, grown);
    return elsewhere(weight(layer), { location, offset: String(offsetBytes), length: String(rawData.length) });
  });
  for (const [location, bytes] of files) {
    await mkdir(dirname(join(folder, location)), { recursive: true });
    await writeFile(join(folder, location), bytes);
  }
  const path = join(folder, 'layered.onnx');
  await writeFile(path, layered(weights));
  return path;
};
