import { create, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadInputError } from '../../errors.ts';
import { type BoundaryTensor, cutAt } from './cut.ts';
import { readModel, writeModel } from './model-file.ts';
import { type GraphProto, GraphProtoSchema, ModelProtoSchema, type NodeProto, NodeProtoSchema } from './onnx_pb.ts';

const FLOAT = 1;
const node = (opType: string, input: string[], output: string[], body?: GraphProto): NodeProto =>
  create(NodeProtoSchema, { opType, input, output, attribute: body ? [{ name: 'then_branch', g: body }] : [] });
const info = (name: string) => ({
  name,
  type: { tensorType: { elemType: FLOAT, shape: { dim: [{ dimValue: '1' }] } } },
});
const weight = (name: string) => ({ name, dims: ['1'], dataType: FLOAT, rawData: new Uint8Array(4) });
const boundary = (name: string): BoundaryTensor => ({ name, dtype: 'float32', dims: [1, 'n'] });

const file = (
  nodes: NodeProto[],
  weights: string[],
  outputs: string[],
  more: Partial<Pick<GraphProto, 'valueInfo'>> = {},
): Uint8Array =>
  toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: '8',
      opsetImport: [
        { domain: '', version: '13' },
        { domain: 'com.example', version: '1' },
      ],
      graph: create(GraphProtoSchema, {
        name: 'g',
        node: nodes,
        initializer: weights.map(weight),
        input: [info('in')],
        output: outputs.map(info),
        ...more,
      }),
    }),
  );

/** in -> a -> b -> c -> out; w1 before b, w2 after it, w both; k is a Constant used on both sides. */
const chain = (): Uint8Array =>
  file(
    [
      node('Constant', [], ['k']),
      node('Neg', ['k'], ['negative']),
      node('Add', ['in', 'w1'], ['a']),
      node('Mul', ['a', 'k', 'w'], ['b']),
      node('Add', ['b', 'w2', 'negative'], ['c']),
      node('Mul', ['c', 'w', 'k'], ['out']),
    ],
    ['w1', 'w2', 'w', 'unused'],
    ['out'],
  );

const shape = (bytes: Uint8Array) => {
  const { graph, model } = readModel(bytes);
  return {
    nodes: graph.node.map((n) => n.output[0]),
    weights: graph.initializer.map((t) => t.name),
    inputs: graph.input.map((i) => i.name),
    outputs: graph.output.map((o) => o.name),
    opsets: model.opsetImport.map((o) => `${o.domain}:${o.version}`),
  };
};

describe('cutting', () => {
  it('gives each part its own weights, and constants where they are used', () => {
    const { first, second } = cutAt(chain(), [boundary('b')]);
    const opsets = [':13', 'com.example:1'];
    expect(shape(first)).toEqual({
      nodes: ['k', 'a', 'b'],
      weights: ['w1', 'w'],
      inputs: ['in'],
      outputs: ['b'],
      opsets,
    });
    expect(shape(second)).toEqual({
      nodes: ['k', 'negative', 'c', 'out'],
      weights: ['w2', 'w'],
      inputs: ['b'],
      outputs: ['out'],
      opsets,
    });
  });

  it('declares the boundary on both sides with type and shape', () => {
    const { first, second } = cutAt(chain(), [boundary('b')]);
    const declared = [readModel(first).graph.output[0], readModel(second).graph.input[0]];
    for (const value of declared) {
      expect(value?.type?.tensorType?.elemType).toBe(FLOAT);
      const dims = value?.type?.tensorType?.shape?.dim.map((d) => d.dimParam || d.dimValue);
      expect(dims).toEqual(['1', 'n']);
    }
  });

  it('takes a declared type from the file, and asks for one that is not there', () => {
    const nodes = [node('Neg', ['in'], ['a']), node('Neg', ['a'], ['out'])];
    const declared = file(nodes, [], ['out'], { valueInfo: readModel(file(nodes, [], ['a'])).graph.output });
    expect(shape(cutAt(declared, ['a']).second).inputs).toEqual(['a']);
    expect(() => cutAt(file(nodes, [], ['out']), ['a'])).toThrow(
      expect.objectContaining({ code: 'tensor-type-unknown' }),
    );
  });

  it('gives the same bytes each time', () => {
    const [once, twice] = [cutAt(chain(), [boundary('b')]), cutAt(chain(), [boundary('b')])];
    expect(Buffer.compare(once.first, twice.first) || Buffer.compare(once.second, twice.second)).toBe(0);
  });

  it('refuses a tensor that no node computes', () => {
    for (const name of ['nothing', 'in', 'w1']) {
      expect(() => cutAt(chain(), [boundary(name)])).toThrow(expect.objectContaining({ code: 'unknown-tensor' }));
    }
  });

  it('names the tensor by which data passes beside the cut', () => {
    const skip = file(
      [
        node('Neg', ['in'], ['a']),
        node('Neg', ['a'], ['side']),
        node('Neg', ['a'], ['b']),
        node('Neg', ['side'], ['later']),
        node('Add', ['b', 'later'], ['out']),
      ],
      [],
      ['out'],
    );
    expect(() => cutAt(skip, [boundary('b')])).toThrow(
      expect.objectContaining({ code: 'cut-leaks', details: { tensor: 'later', cut: ['b'] } }),
    );
    expect(shape(cutAt(skip, [boundary('b'), boundary('side')]).second)).toMatchObject({
      nodes: ['later', 'out'],
      inputs: ['b', 'side'],
    });
    expect(shape(cutAt(skip, [boundary('a')]).first).nodes).toEqual(['a']);
  });

  it('names an output that does not depend on the cut', () => {
    const two = file([node('Neg', ['in'], ['a']), node('Neg', ['in'], ['b'])], [], ['a', 'b']);
    expect(() => cutAt(two, [boundary('a')])).toThrow(
      expect.objectContaining({ code: 'cut-leaks', details: { tensor: 'b', cut: ['a'] } }),
    );
  });

  it('sees the outer names that bodies of control flow use', () => {
    const body = create(GraphProtoSchema, {
      node: [node('Add', ['inner', 'w'], ['result']), node('Add', ['a', 'result'], ['leaving'])],
      initializer: [weight('inner')],
      output: [info('leaving')],
    });
    const branching = file(
      [node('Neg', ['in'], ['a']), node('Neg', ['a'], ['b']), node('If', ['b'], ['out'], body)],
      ['w'],
      ['out'],
    );
    expect(() => cutAt(branching, [boundary('b')])).toThrow(
      expect.objectContaining({ code: 'cut-leaks', details: { tensor: 'a', cut: ['b'] } }),
    );
    expect(shape(cutAt(branching, [boundary('a')]).second)).toMatchObject({ nodes: ['b', 'out'], weights: ['w'] });
  });
});

describe('model files', () => {
  it('keep fields that this schema does not know', () => {
    // ModelProto.doc_string is field 6, not in onnx.proto: tag 0x32.
    const withDoc = new Uint8Array([...chain(), 0x32, 2, 0x68, 0x69]);
    const { model, graph } = readModel(withDoc);
    expect([...writeModel({ model, graph }, graph).slice(-4)]).toEqual([0x32, 2, 0x68, 0x69]);
    expect([...cutAt(withDoc, [boundary('b')]).second.slice(-4)]).toEqual([0x32, 2, 0x68, 0x69]);
  });

  it('are refused when cut off anywhere', () => {
    const whole = chain();
    for (let length = 0; length < whole.length; length++) {
      // The second operator set is the last field: without it the file is another whole one.
      const rest = whole.length - length;
      const lastField = 2 + 'com.example'.length + 2 + 2;
      if (rest === lastField) continue;
      expect(() => readModel(whole.subarray(0, length)), `${length} bytes`).toThrow(BadInputError);
    }
  });

  it('are refused with a typed error whatever the bytes', () => {
    const whole = chain();
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = whole.slice();
        damaged[at] = (damaged[at] ?? 0) ^ change;
        try {
          cutAt(damaged, [boundary('b')]);
        } catch (error) {
          expect(error).toBeInstanceOf(BadInputError);
        }
      }),
    );
  });
});
