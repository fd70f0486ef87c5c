import type { WorkGraph, WorkTensor } from '../graph.ts';
import { flatten } from './flat.ts';
import { openDecoder } from './orders.ts';
import { strongComponents } from './strong-components.ts';

export interface Contracted {
  /** In topological order, of the nodes that could come next always the one that holds the earliest original node. */
  readonly graph: WorkGraph;
  /** Per node of it its original nodes, ascending. */
  readonly members: readonly (readonly number[])[];
}

/**
 * Fuses the nodes of each group, then whatever lies on a cycle. A fused node keeps every tensor of its original nodes: one
 * that no other node reads costs nothing, each other one travels by itself.
 * @param graph its nodes in any order, cycles and all
 * @param groups disjoint sets of nodes; a node in none stays alone
 */
export const contract = (graph: WorkGraph, groups: readonly (readonly number[])[] = []): Contracted => {
  const grouped = fuse(graph, groups);
  const readers: number[][] = grouped.graph.nodes.map(() => []);
  for (const { producer, consumers } of grouped.graph.tensors) {
    if (producer !== undefined) readers[producer]?.push(...consumers);
  }
  const acyclic = fuse(grouped.graph, strongComponents(readers));
  const first = acyclic.members.map((nodes) => Math.min(...nodes.map((node) => grouped.members[node]?.[0] ?? 0)));
  const order = [...openDecoder(flatten(acyclic.graph))(first)];
  const sorted = fuse(
    acyclic.graph,
    order.map((node) => [node]),
  );
  const members = order.map((node) =>
    (acyclic.members[node] ?? []).flatMap((group) => grouped.members[group] ?? []).sort((a, b) => a - b),
  );
  return { graph: sorted.graph, members };
};

/** One node a group, in the order of the groups; nodes in none come after them. */
const fuse = (graph: WorkGraph, groups: readonly (readonly number[])[]): Contracted => {
  const fusedAs: number[] = [];
  const members: (readonly number[])[] = [];
  const add = (nodes: readonly number[]): void => {
    for (const node of nodes) fusedAs[node] = members.length;
    members.push(nodes);
  };
  for (const group of groups) if (group.length > 0) add([...group].sort((a, b) => a - b));
  graph.nodes.forEach((_, node) => {
    if (fusedAs[node] === undefined) add([node]);
  });
  const ascending = (nodes: readonly number[]): number[] =>
    [...new Set(nodes.map((node) => fusedAs[node] ?? 0))].sort((a, b) => a - b);
  const tensors = graph.tensors.map((tensor): WorkTensor => {
    const producer = tensor.producer === undefined ? undefined : fusedAs[tensor.producer];
    return { ...tensor, producer, consumers: ascending(tensor.consumers).filter((reader) => reader !== producer) };
  });
  return {
    graph: {
      nodes: members.map((nodes) => ({
        name: graph.nodes[nodes[0] ?? 0]?.name ?? '',
        timeMs: nodes.reduce((sum, node) => sum + (graph.nodes[node]?.timeMs ?? 0), 0),
      })),
      tensors,
      weights: graph.weights.map((weight) => ({ ...weight, users: ascending(weight.users) })),
    },
    members,
  };
};
