import { describe, expect, it } from 'vitest';
import { ELEMENT_TYPES, type ElementType } from '../../../shared/model/onnx/element-types.ts';
import { readModel } from '../../../shared/model/onnx/model-file.ts';
import type { ValueInfoProto } from '../../../shared/model/onnx/onnx_pb.ts';
import { info, node, onnxFile } from '../../../shared/model/onnx/testdata/build.ts';
import { generateInputs } from './generated-inputs.ts';

const graphOf = (input: ValueInfoProto[]) =>
  readModel(onnxFile({ node: [node('Neg', ['x'], 'y')], input, output: [info('y', [1])] })).graph;

describe('generated inputs', () => {
  it('have sizes that are usual for what a dimension is called and where it stands', () => {
    const input = [
      info('pixels', ['n', 3, 'height', 'width']),
      info('ids', ['batch', 'sequence'], 'int64'),
      info('mask', ['batch', 'past_length + sequence'], 'int64'),
      info('key', ['batch', 4, 'past_length', 8]),
    ];
    const { tensors, freeDims } = generateInputs(graphOf(input), {}, {});
    const dims = Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.dims]));
    expect(dims).toEqual({ pixels: [1, 3, 224, 224], ids: [1, 16], mask: [1, 16], key: [1, 4, 0, 8] });
    expect(freeDims.every((dim) => dim.guessed)).toBe(true);
  });

  it('have the sizes given, in sums too, and by axis where a dimension has no name', () => {
    const input = [info('ids', ['batch', 'sequence'], 'int64'), info('mask', ['batch', 'past + sequence'], 'int64')];
    const { tensors, freeDims } = generateInputs(
      graphOf([...input, info('x', [-1, 2]), info('z', [2, 0])]),
      {
        batch: 3,
        sequence: 5,
        past: 7,
        'x[0]': 9,
        'z[1]': 4,
      },
      {},
    );
    expect(tensors.ids?.dims).toEqual([3, 5]);
    expect(tensors.mask?.dims).toEqual([3, 12]);
    expect(tensors.x?.dims).toEqual([9, 2]);
    expect(tensors.z?.dims).toEqual([2, 4]);
    expect(freeDims.every((dim) => !dim.guessed)).toBe(true);
  });

  it('have one size per name, whatever the axis', () => {
    const { tensors } = generateInputs(graphOf([info('a', ['n', 2]), info('b', [2, 'n'])]), {}, {});
    expect([tensors.a?.dims, tensors.b?.dims]).toEqual([
      [1, 2],
      [2, 1],
    ]);
  });

  it('are the same every time, for every type that travels', () => {
    const types = Object.keys(ELEMENT_TYPES) as ElementType[];
    const graph = graphOf(types.map((type) => info(type, [3, 5], type)));
    const { tensors } = generateInputs(graph, {}, {});
    expect(generateInputs(graph, {}, {}).tensors).toEqual(tensors);
    for (const type of types) {
      expect(tensors[type]).toMatchObject({ dtype: type, dims: [3, 5] });
      expect(tensors[type]?.data.length).toBe(15 * ELEMENT_TYPES[type].bytes);
    }
  });

  it('leave alone what the caller gives, and refuse what they cannot make', () => {
    const strings = info('words', ['n']);
    if (strings.type?.tensorType) strings.type.tensorType.elemType = 8;
    const graph = graphOf([strings]);
    expect(() => generateInputs(graph, {}, {})).toThrow(
      expect.objectContaining({ code: 'input-unsupported', details: { input: 'words' } }),
    );
    const words = { dtype: 'uint8', dims: [1], data: new Uint8Array(1) };
    expect(generateInputs(graph, {}, { words }).tensors).toEqual({ words });
  });
});
