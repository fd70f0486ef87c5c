import { create, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { importModel, openModel } from './import-model.ts';
import { readModel, writeModel } from './model-file.ts';
import {
  AttributeProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  TensorProtoSchema,
} from './onnx_pb.ts';
import { floats, graph, info, node, onnxFile } from './testdata/build.ts';
import { refusal } from './testdata/refusal.ts';

const shape = (bytes: Uint8Array) => {
  const opened = openModel(bytes).graph;
  return { nodes: opened.node.map((n) => n.output[0]), weights: opened.initializer.map((t) => t.name) };
};
const file = (nodes: NodeProto[], weights: string[] = [], outputs = ['out']): Uint8Array =>
  onnxFile({
    node: nodes,
    initializer: weights.map((name) => floats(name, [1])),
    input: [info('in')],
    output: outputs.map((name) => info(name)),
  });
const constant = (output: string, init: Parameters<typeof create<typeof AttributeProtoSchema>>[1]): NodeProto =>
  create(NodeProtoSchema, { opType: 'Constant', output: [output], attribute: [create(AttributeProtoSchema, init)] });

describe('constants', () => {
  it('become initialisers, of all kinds of numbers', () => {
    const half = new Uint32Array(Float32Array.of(0.5).buffer)[0]!;
    const kinds = [
      constant('a', { name: 'value', t: { dims: ['1'], dataType: 1, floatData: [half] } }),
      constant('b', { name: 'value_float', f: half }),
      constant('c', { name: 'value_floats', floats: [half, half] }),
      constant('d', { name: 'value_int', i: '-2' }),
      constant('e', { name: 'value_ints', ints: ['1', '2', '3'] }),
    ];
    const { graph } = openModel(file([...kinds, node('Use', ['in', 'a', 'b', 'c', 'd', 'e'], 'out')]));
    expect(graph.node).toHaveLength(1);
    expect(graph.initializer.map((t) => [t.name, t.dataType, t.dims.join(), t.rawData.length])).toEqual([
      ['a', 1, '1', 4],
      ['b', 1, '', 4],
      ['c', 1, '2', 8],
      ['d', 7, '', 8],
      ['e', 7, '3', 24],
    ]);
    expect([...graph.initializer[1]!.rawData]).toEqual([0, 0, 0, 63]);
    expect(new DataView(graph.initializer[3]!.rawData.buffer).getBigInt64(0, true)).toBe(-2n);
  });

  it('of texts, of other domains and in bodies stay nodes', () => {
    const text = constant('s', { name: 'value', t: { dims: ['1'], dataType: 8 } });
    const other = create(NodeProtoSchema, { ...constant('o', { name: 'value_int', i: '1' }), domain: 'com.example' });
    const inner = graph({ node: [constant('k', { name: 'value_int', i: '1' })], output: [info('k')] });
    const branch = node('If', ['in'], 'c', { then_branch: inner });
    const opened = openModel(file([text, other, branch, node('Use', ['s', 'o', 'c'], 'out')]));
    expect(opened.graph.node.map((n) => n.output[0])).toEqual(['s', 'o', 'c', 'out']);
    expect(opened.graph.node[2]?.attribute[0]?.g?.node[0]?.opType).toBe('Constant');
  });
});

describe('order', () => {
  it('of a sorted file stays; another is sorted', () => {
    const [a, b, c, out] = [
      node('Neg', ['in'], 'a'),
      node('Neg', ['a'], 'b'),
      node('Neg', ['in'], 'c'),
      node('Add', ['b', 'c'], 'out'),
    ];
    expect(shape(file([c, a, b, out])).nodes).toEqual(['c', 'a', 'b', 'out']);
    expect(shape(file([a, c, b, out])).nodes).toEqual(['a', 'c', 'b', 'out']);
    expect(shape(file([out, b, c, a])).nodes).toEqual(['c', 'a', 'b', 'out']);
  });

  it('sees what bodies read', () => {
    const body = graph({ node: [node('Neg', ['late'], 'r')], output: [info('r')] });
    const branch = node('If', ['in'], 'out', { then_branch: body });
    expect(shape(file([branch, node('Neg', ['in'], 'late')])).nodes).toEqual(['late', 'out']);
  });

  it('refuses a cycle, naming a node of it', () => {
    const cyclic = [
      node('Neg', ['in'], 'x'),
      node('Add', ['x', 'c'], 'a'),
      node('Neg', ['a'], 'b'),
      node('Neg', ['b'], 'c'),
    ];
    const refused = refusal(() => openModel(file([...cyclic, node('Neg', ['c'], 'out')])));
    expect(refused.code).toBe('graph-cyclic');
    expect(['a', 'b', 'c']).toContain(refused.details.node);
    expect(refusal(() => openModel(file([node('Add', ['in', 'out'], 'out')]))).code).toBe('graph-cyclic');
  });

  it('holds for any acyclic graph in any order, thousands of nodes deep', () => {
    const deep = Array.from({ length: 20_000 }, (_, i) => node('Neg', [i === 0 ? 'in' : `n${i - 1}`], `n${i}`));
    expect(shape(file([...deep].reverse(), [], ['n19999'])).nodes.at(-1)).toBe('n19999');
    fc.assert(
      fc.property(
        fc
          .array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 12 })
          .chain((reads) =>
            fc.tuple(fc.constant(reads), fc.shuffledSubarray([...reads.keys()], { minLength: reads.length })),
          ),
        ([reads, order]) => {
          const name = (i: number, at: number) => (at === 0 ? 'in' : `n${i % at}`);
          const nodes = reads.map(([x, y], at) => node('Add', [name(x, at), name(y, at)], `n${at}`));
          const all = file(
            order.map((i) => nodes[i]!),
            [],
            reads.map((_, i) => `n${i}`),
          );
          const position = new Map(shape(all).nodes.map((n, i) => [n, i]));
          for (const { input, output } of nodes) {
            for (const read of input) expect(position.get(read) ?? -1).toBeLessThan(position.get(output[0])!);
          }
        },
      ),
    );
  });
});

describe('a graph', () => {
  it('loses what its outputs do not need', () => {
    const nodes = [node('Neg', ['in'], 'dead'), node('Add', ['in', 'w'], 'out')];
    expect(shape(file(nodes, ['w', 'unused']))).toEqual({ nodes: ['out'], weights: ['w'] });
  });

  it('is refused when a tensor is made twice', () => {
    const twice = [
      file([node('Neg', ['in'], 'out'), node('Abs', ['in'], 'out')]),
      file([node('Neg', ['in'], ['out', 'out'])]),
      file([node('Neg', ['in'], 'out')], ['out']),
      file([node('Neg', ['in'], 'in'), node('Neg', ['in'], 'out')]),
      file([node('Add', ['w', 'in'], 'out')], ['w', 'w']),
    ];
    for (const bytes of twice) expect(refusal(() => openModel(bytes)).code).toBe('tensor-made-twice');
  });

  it('may list its initialisers among its inputs, and leave out optional inputs and outputs', () => {
    const old = onnxFile(
      {
        node: [node('Op', ['in', '', 'w'], ['', 'out'])],
        initializer: [floats('w', [1]), floats('unused', [1])],
        input: [info('in'), info('w'), info('unused')],
        output: [info('out')],
      },
      { irVersion: '3' },
    );
    expect(openModel(old).graph.input.map((i) => i.name)).toEqual(['in', 'w']);
  });

  it('is refused when nothing makes what it reads or gives out, and without outputs', () => {
    expect(refusal(() => openModel(file([node('Add', ['in', 'w'], 'out')])))).toMatchObject({
      code: 'unknown-tensor',
      details: { tensor: 'w' },
    });
    expect(refusal(() => openModel(file([node('Neg', ['in'], 'a')]))).details).toEqual({ tensor: 'out' });
    expect(refusal(() => openModel(file([node('Neg', ['in'], 'a')], [], []))).code).toBe('onnx-incomplete');
  });
});

describe('what this schema does not know', () => {
  it('stays: functions, metadata, quantisation, and fields of tensors', () => {
    // ModelProto.functions 25 and metadata_props 14, GraphProto.quantization_annotation 14, TensorProto.doc_string 12.
    const unknown = (no: number) => [{ no, wireType: 2, data: Uint8Array.of(2, 0x68, 0x69) }];
    const { model } = readModel(file([node('Add', ['in', 'w'], 'out')], ['w']));
    model.$unknown = [...unknown(14), ...unknown(25)];
    model.graph!.$unknown = unknown(14);
    model.graph!.initializer[0]!.$unknown = unknown(12);
    const bytes = toBinary(ModelProtoSchema, model);
    const { model: imported } = importModel(bytes);
    const again = readModel(writeModel(imported, imported.graph));
    expect(again.model.$unknown?.map((f) => f.no)).toEqual([14, 25]);
    expect(again.graph.$unknown?.map((f) => f.no)).toEqual([14]);
    expect(again.graph.initializer[0]?.$unknown?.map((f) => f.no)).toEqual([12]);
    expect(create(TensorProtoSchema).$unknown).toBeUndefined();
  });
});
