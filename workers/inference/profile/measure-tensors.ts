import { create } from '@bufbuild/protobuf';
import { BadInputError } from '../../../shared/errors.ts';
import type { ManifestRuntime } from '../../../shared/model/manifest.ts';
import { isElementType } from '../../../shared/model/onnx/element-types.ts';
import { type OnnxModel, withLists, writeModel } from '../../../shared/model/onnx/model-file.ts';
import { type GraphProto, ValueInfoProtoSchema } from '../../../shared/model/onnx/onnx_pb.ts';
import { type Shapes, shape, type TensorShape, weightShapes } from '../../../shared/model/onnx/tensor-shapes.ts';
import {
  type InstrumentedRuns,
  instrumentedRuns,
  type LoadableModel,
  type NamedTensors,
  runOnce,
} from './instrumented-run.ts';

/** Strings, sequences and the like: their nodes stay together, so that their size does not count. */
const NO_NUMBERS: TensorShape = { dtype: 'no-numbers', dims: [], sizeBytes: 0 };

/** Tensors asked for in one load: all of them are in memory at once. */
const ASKED_AT_ONCE = 128;

/**
 * Type, shape and bytes of every tensor that is fed or that a node makes, in the file's order. The profiler tells
 * nearly all of them in one run and holds none in memory; the few that it does not (constants of other kinds than
 * tensors) are asked for as outputs of the graph.
 * @param runtime without optimisation, so that all tensors are there
 * @throws {BadInputError} `shard-unloadable`, `run-failed`
 */
export const measureTensors = async (
  model: OnnxModel,
  loadable: LoadableModel,
  runtime: ManifestRuntime,
  feeds: NamedTensors,
): Promise<Readonly<Record<string, TensorShape>>> => {
  const { graph } = model;
  const names = [...Object.keys(feeds), ...graph.node.flatMap((node) => node.output).filter((name) => name !== '')];
  const found = new Map([
    ...weightShapes(graph),
    ...shapesOfTensors(feeds),
    ...shapesOfEvents(await instrumentedRuns(loadable, runtime, feeds, 0)),
  ]);
  const missing = names.filter((name) => !found.has(name));
  /** What is no tensor of numbers cannot be given out, which is found by halving. */
  const ask = async (asked: readonly string[]): Promise<void> => {
    try {
      const bytes = writeModel(model, withOutputs(graph, asked));
      const results = await runOnce({ ...loadable, bytes }, runtime, feeds);
      for (const [name, tensor] of shapesOfTensors(results)) found.set(name, tensor);
    } catch (error) {
      if (!(error instanceof BadInputError) || error.code !== 'run-failed') throw error;
      const half = asked.length / 2;
      if (half < 1) for (const name of asked) found.set(name, NO_NUMBERS);
      else for (const part of [asked.slice(0, half), asked.slice(half)]) await ask(part);
    }
  };
  for (let at = 0; at < missing.length; at += ASKED_AT_ONCE) await ask(missing.slice(at, at + ASKED_AT_ONCE));
  return Object.fromEntries(names.flatMap((name) => entry(name, found)));
};

const entry = (name: string, found: Shapes): [string, TensorShape][] => {
  const tensor = found.get(name);
  return tensor ? [[name, tensor]] : [];
};

const shapesOfTensors = (tensors: NamedTensors): [string, TensorShape][] =>
  Object.entries(tensors).map(([name, { dtype, dims, data }]) => [name, { dtype, dims, sizeBytes: data.length }]);

/** A node whose event lists fewer outputs than it has gave something that is no tensor, or nothing, among them. */
const shapesOfEvents = ({ nodes, events }: InstrumentedRuns): [string, TensorShape][] =>
  nodes.flatMap((node) => {
    const names = node.output.filter((name) => name !== '');
    const outputs = events.get(node.name)?.outputs ?? [];
    if (outputs.length !== names.length) return [];
    return outputs.flatMap(({ type, dims }, at): [string, TensorShape][] => {
      const dtype = C_NAMES[type] ?? type;
      return isElementType(dtype) ? [[names[at] ?? '', shape(dtype, dims)]] : [];
    });
  });

/** The profiler prints some types by their names in C++. */
const C_NAMES: Readonly<Record<string, string>> = { float: 'float32', double: 'float64' };

/** A declared name is enough: the runtime infers the type. */
const withOutputs = (graph: GraphProto, names: readonly string[]): GraphProto =>
  withLists(graph, {
    ...graph,
    output: [...graph.output, ...names.map((name) => create(ValueInfoProtoSchema, { name }))],
  });
