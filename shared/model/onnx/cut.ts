import { create } from '@bufbuild/protobuf';
import { BadInputError } from '../../errors.ts';
import { type Dataflow, dataflow, downstream, needs, sparseName } from './dataflow.ts';
import { ELEMENT_TYPES, type ElementType } from './element-types.ts';
import { type OnnxModel, readModel, withLists, writeModel } from './model-file.ts';
import { type GraphProto, type NodeProto, type ValueInfoProto, ValueInfoProtoSchema } from './onnx_pb.ts';

/** A tensor at the boundary with its type; a text in `dims` is a free dimension's name. */
export interface BoundaryTensor {
  readonly name: string;
  readonly dtype: ElementType;
  readonly dims: readonly (number | string)[];
}

/**
 * Cuts a model's graph in two at the named tensors: `first` takes the model's inputs and gives these tensors, `second`
 * takes them and gives the model's outputs. Each part holds only the weights it uses; `Constant` nodes and what is
 * computed from constants alone are copied to where they are used. Operator sets, versions and unknown fields stay.
 * The same input gives the same bytes.
 * @param tensors names, or names with types where the file does not declare them (`value_info` is often left out)
 * @throws {BadInputError} `onnx-unreadable`, `onnx-incomplete`; `unknown-tensor`; `cut-leaks` when data passes beside
 *   these tensors, naming the tensor it passes by; `tensor-type-unknown`
 */
export const cutAt = (
  bytes: Uint8Array,
  tensors: readonly (string | BoundaryTensor)[],
): { first: Uint8Array; second: Uint8Array } => {
  const file = readModel(bytes);
  const { graph } = file;
  const flow = dataflow(graph);
  const names = tensors.map((t) => (typeof t === 'string' ? t : t.name));
  for (const name of names) assertComputed(flow, name);
  const boundary = tensors.map((t) => (typeof t === 'string' ? declaredInfo(graph, t) : valueInfo(t)));
  const outputs = graph.output.map((o) => o.name);
  const cut = new Set(names);
  const second = needs(flow, outputs, cut);
  assertSeparates(graph, flow, cut, second);
  return {
    first: part(file, needs(flow, names, new Set()), graph.input, boundary),
    second: part(file, second, boundary, graph.output),
  };
};

type Needed = ReturnType<typeof needs>;

/** Keeps the file's own order of everything, so that equal cuts have equal bytes. */
const part = (
  file: OnnxModel,
  { nodes, leaves }: Needed,
  inputs: readonly ValueInfoProto[],
  outputs: readonly ValueInfoProto[],
): Uint8Array => {
  const { graph } = file;
  const flow = dataflow(graph);
  const node = graph.node.filter((n) => nodes.has(n));
  const made = new Set(node.flatMap((n) => n.output));
  const initialiserInputs = graph.input.filter((i) => flow.constants.has(i.name) && leaves.has(i.name));
  const fedInputs = inputs.filter((i) => !flow.constants.has(i.name));
  return writeModel(
    file,
    withLists(graph, {
      node,
      initializer: graph.initializer.filter((t) => leaves.has(t.name)),
      sparseInitializer: graph.sparseInitializer.filter((t) => leaves.has(sparseName(t))),
      input: [...fedInputs, ...initialiserInputs],
      output: [...outputs],
      valueInfo: graph.valueInfo.filter((v) => made.has(v.name) && !outputs.some((o) => o.name === v.name)),
    }),
  );
};

const assertComputed = (flow: Dataflow, name: string): void => {
  if (flow.producers.has(name)) return;
  throw new BadInputError('unknown-tensor', `no node of this graph computes a tensor '${name.slice(0, 200)}'`, {
    next: 'name a tensor that a node gives out',
    details: { tensor: name },
  });
};

/**
 * The second part may need nothing that depends on the model's inputs except through the cut. The tensor reported is
 * where data passes by: the last one made without the cut that a node behind the cut reads, or else an output that
 * does not depend on the cut at all.
 */
const assertSeparates = (graph: GraphProto, flow: Dataflow, cut: ReadonlySet<string>, second: Needed): void => {
  const passesBy = [...second.leaves].find((name) => flow.fed.has(name));
  if (passesBy === undefined) return;
  const data = downstream(graph, flow, flow.fed);
  const behind = downstream(graph, flow, cut);
  const reader = graph.node.find(
    (n) => second.nodes.has(n) && n.output.some((o) => behind.has(o) && !cut.has(o)) && leak(n),
  );
  function leak(node: NodeProto): string | undefined {
    return flow.reads(node).find((name) => data.has(name) && !behind.has(name));
  }
  const tensor =
    (reader && leak(reader)) ?? graph.output.map((o) => o.name).find((o) => data.has(o) && !behind.has(o)) ?? passesBy;
  throw new BadInputError(
    'cut-leaks',
    `cutting at ${[...cut].join(', ')} does not separate the graph: '${tensor}' passes beside it`,
    {
      next: 'add this tensor to the cut, or cut at another tensor',
      details: { tensor, cut: [...cut] },
    },
  );
};

const declaredInfo = (graph: GraphProto, name: string): ValueInfoProto => {
  const found = [...graph.valueInfo, ...graph.output].find((v) => v.name === name && v.type);
  if (found) return found;
  throw new BadInputError('tensor-type-unknown', `the file does not declare the type of '${name}'`, {
    next: 'give its dtype and dims with its name',
    details: { tensor: name },
  });
};

const valueInfo = ({ name, dtype, dims }: BoundaryTensor): ValueInfoProto =>
  create(ValueInfoProtoSchema, {
    name,
    type: {
      tensorType: {
        elemType: ELEMENT_TYPES[dtype].code,
        shape: { dim: dims.map((d) => (typeof d === 'number' ? { dimValue: String(d) } : { dimParam: d })) },
      },
    },
  });
