import type { GraphProto, NodeProto, TensorProto } from './onnx_pb.ts';

/** Which tensor comes from where in a graph. */
export interface Dataflow {
  readonly producers: ReadonlyMap<string, NodeProto>;
  /** Names of initialisers, sparse ones too. */
  readonly constants: ReadonlySet<string>;
  /** Graph inputs that are fed; old files list initialisers among the inputs too. */
  readonly fed: ReadonlySet<string>;
  /** Names that a node reads: its inputs and the outer names that its bodies (If, Loop, Scan) use. */
  reads(node: NodeProto): readonly string[];
}

/** Name of an initialiser; a sparse one carries it in its values (onnx.proto, SparseTensorProto). */
export const sparseName = (tensor: { values?: TensorProto | undefined }): string => tensor.values?.name ?? '';

/** Graphs inside a node of control flow (If, Loop, Scan). */
export const bodies = (node: NodeProto): GraphProto[] =>
  node.attribute.flatMap((a) => (a.g ? [a.g, ...a.graphs] : a.graphs));

/** Names that a body takes from outside: read, but neither its input, its constant nor made inside. */
const outerNames = (body: GraphProto): string[] => {
  const inside = new Set([
    ...body.input.map((i) => i.name),
    ...body.initializer.map((t) => t.name),
    ...body.sparseInitializer.map(sparseName),
    ...body.node.flatMap((n) => n.output),
  ]);
  return [...body.node.flatMap(readsOf), ...body.output.map((o) => o.name)].filter((name) => !inside.has(name));
};

// Optional inputs that are left out are empty strings.
const readsOf = (node: NodeProto): string[] =>
  [...node.input, ...bodies(node).flatMap(outerNames)].filter((n) => n !== '');

export const dataflow = (graph: GraphProto): Dataflow => {
  const constants = new Set([...graph.initializer.map((t) => t.name), ...graph.sparseInitializer.map(sparseName)]);
  const cache = new Map<NodeProto, readonly string[]>();
  return {
    producers: new Map(
      graph.node.flatMap((node) => node.output.filter((o) => o !== '').map((o) => [o, node] as const)),
    ),
    constants,
    fed: new Set(graph.input.map((i) => i.name).filter((name) => !constants.has(name))),
    reads: (node) => {
      const known = cache.get(node) ?? readsOf(node);
      cache.set(node, known);
      return known;
    },
  };
};

/**
 * What is needed to compute `targets` when the tensors in `given` are handed in: nodes and the other names they read
 * (initialisers and graph inputs). Walks with a stack of its own: graphs may be thousands of nodes deep.
 */
export const needs = (
  flow: Dataflow,
  targets: readonly string[],
  given: ReadonlySet<string>,
): { nodes: ReadonlySet<NodeProto>; leaves: ReadonlySet<string> } => {
  const nodes = new Set<NodeProto>();
  const leaves = new Set<string>();
  const pending = [...targets];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (given.has(name)) continue;
    const node = flow.producers.get(name);
    if (!node) {
      leaves.add(name);
    } else if (!nodes.has(node)) {
      nodes.add(node);
      for (const read of flow.reads(node)) pending.push(read);
    }
  }
  return { nodes, leaves };
};

/** Names of all tensors that change when a tensor in `sources` changes, sources included. */
export const downstream = (graph: GraphProto, flow: Dataflow, sources: Iterable<string>): ReadonlySet<string> => {
  const reached = new Set(sources);
  // ONNX demands that nodes are listed in topological order, so one pass is enough.
  for (const node of graph.node) {
    if (flow.reads(node).some((name) => reached.has(name))) for (const output of node.output) reached.add(output);
  }
  return reached;
};
