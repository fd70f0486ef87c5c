import { BadInputError } from '../../errors.ts';
import type { WorkGraph, WorkTensor, WorkWeight } from '../../planning/graph.ts';
import type { Profile } from '../profile.ts';
import { computeNodes, nodeKey } from './compute-nodes.ts';
import { bodies, type Dataflow, dataflow, needs, sparseName } from './dataflow.ts';
import { isElementType } from './element-types.ts';
import { externalData } from './external-data.ts';
import { foldedGroups } from './folded.ts';
import { tensorsOf } from './map-tensors.ts';
import type { OnnxModel } from './model-file.ts';
import type { GraphProto, NodeProto, TensorProto } from './onnx_pb.ts';
import { assertState, type StatePair } from './state.ts';

/**
 * What planning works on, and the groups of nodes (indexes, ascending) that must share a stage: those that touch one
 * state, what the runtime folds into one convolution, and both ends of what does not travel.
 */
export interface ModelWork {
  readonly graph: WorkGraph;
  readonly together: readonly (readonly number[])[];
}

/**
 * A model as planning sees it: its compute nodes in stored order with their times; the tensors between them with their
 * sizes; as weights its initialisers, and what is computed from constants alone where the profile knows its size.
 * States are no tensors here, since they never travel.
 * @param model as `openModel` or `importModel` gives it
 * @throws {BadInputError} `profile-incomplete` naming the node or tensor; `state-unknown`
 */
export const workGraph = (
  { graph }: OnnxModel,
  profile: Profile,
  { state = [] }: { readonly state?: readonly StatePair[] } = {},
): ModelWork => {
  const flow = dataflow(graph);
  assertState(graph, flow, state);
  const nodes = computeNodes(graph, flow);
  return {
    graph: {
      nodes: nodes.map((node) => ({ name: nodeKey(node), timeMs: timeMs(profile, nodeKey(node)) })),
      tensors: tensors(graph, flow, nodes, profile, state),
      weights: weights(graph, flow, nodes, profile),
    },
    together: merged([
      ...state.map(({ input, output }) =>
        [...nodes.keys()].filter((i) => {
          const node = nodes[i] as NodeProto;
          return node.output.includes(output) || flow.reads(node).includes(input);
        }),
      ),
      ...foldedGroups(graph, flow, nodes),
      ...joined(nodes, flow, profile),
    ]),
  };
};

/** Makers and readers of what does not travel: strings, sequences. */
const joined = (nodes: readonly NodeProto[], flow: Dataflow, profile: Profile): number[][] => {
  const users = usersOf(nodes, flow.reads);
  return nodes.flatMap((node, i) =>
    node.output
      .filter((name) => !isElementType(known(profile.tensors, name)?.dtype ?? 'float32'))
      .map((name) => [i, ...(users.get(name) ?? [])]),
  );
};

const known = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

const incomplete = (what: string, name: string): BadInputError =>
  new BadInputError('profile-incomplete', `the profile does not know the ${what} of '${name.slice(0, 200)}'`, {
    next: 'profile this very model again',
    details: { name },
  });

const timeMs = (profile: Profile, key: string): number => {
  const time = known(profile.nodes, key);
  if (time === undefined) throw incomplete('time', key);
  return time;
};

const tensors = (
  graph: GraphProto,
  flow: Dataflow,
  nodes: readonly NodeProto[],
  profile: Profile,
  state: readonly StatePair[],
): WorkTensor[] => {
  const users = usersOf(nodes, flow.reads);
  const outputs = new Set(graph.output.map((o) => o.name));
  for (const { output } of state) outputs.delete(output);
  const own = new Set(state.map((s) => s.input));
  const tensor = (name: string, producer: number | undefined): WorkTensor[] => {
    const consumers = users.get(name) ?? [];
    const isOutput = outputs.has(name);
    if (own.has(name) || (consumers.length === 0 && !isOutput)) return [];
    const sizeBytes = known(profile.tensors, name)?.sizeBytes;
    if (sizeBytes === undefined) throw incomplete('size', name);
    return [{ name, sizeBytes, producer, consumers, isOutput }];
  };
  return [
    ...graph.input.filter((i) => flow.fed.has(i.name)).flatMap((i) => tensor(i.name, undefined)),
    ...nodes.flatMap((node, i) => node.output.filter((o) => o !== '').flatMap((o) => tensor(o, i))),
  ];
};

const weights = (graph: GraphProto, flow: Dataflow, nodes: readonly NodeProto[], profile: Profile): WorkWeight[] => {
  const made = new Set(nodes.flatMap((n) => n.output));
  /** All constants behind what a node reads: initialisers, and what is computed from them. */
  const constants = (node: NodeProto): string[] => {
    const needed = needs(flow, flow.reads(node), made);
    return [...needed.leaves, ...[...needed.nodes].flatMap((n) => n.output)];
  };
  const users = usersOf(nodes, constants);
  const weight = (name: string, sizeBytes: number): WorkWeight[] => {
    const using = users.get(name);
    return using && sizeBytes > 0 ? [{ name, sizeBytes, users: using }] : [];
  };
  const derived = graph.node.flatMap((n) => n.output).filter((o) => o !== '' && !made.has(o));
  return [
    ...graph.initializer.flatMap((t) => weight(t.name, bytesIn(t))),
    ...graph.sparseInitializer.flatMap((t) => weight(sparseName(t), bytesIn(t.values) + bytesIn(t.indices))),
    ...derived.flatMap((name) => weight(name, known(profile.tensors, name)?.sizeBytes ?? 0)),
    ...nodes.flatMap((node, i) => {
      const sizeBytes = bodies(node)
        .flatMap(tensorsOf)
        .reduce((sum, t) => sum + bytesIn(t), 0);
      return sizeBytes > 0 ? [{ name: `bodies of ${nodeKey(node)}`, sizeBytes, users: [i] }] : [];
    }),
  ];
};

const bytesIn = (tensor: TensorProto | undefined): number =>
  tensor ? (externalData(tensor)?.sizeBytes ?? tensor.rawData.length) : 0;

/** By name: which nodes use it, ascending, each once. */
const usersOf = (nodes: readonly NodeProto[], used: (node: NodeProto) => readonly string[]): Map<string, number[]> => {
  const users = new Map<string, number[]>();
  for (const [i, node] of nodes.entries()) {
    for (const name of new Set(used(node))) {
      const known = users.get(name);
      if (known) known.push(i);
      else users.set(name, [i]);
    }
  }
  return users;
};

/** Groups that share a member as one, so that no node is in two. */
const merged = (groups: readonly (readonly number[])[]): number[][] => {
  const result: Set<number>[] = [];
  for (const group of groups) {
    const touching = result.filter((other) => group.some((i) => other.has(i)));
    const union = new Set([...group, ...touching.flatMap((other) => [...other])]);
    for (const other of touching) result.splice(result.indexOf(other), 1);
    result.push(union);
  }
  return result.filter((g) => g.size > 1).map((g) => [...g].sort((a, b) => a - b));
};
