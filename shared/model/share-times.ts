import type { NodeCost } from './analytic-cost.ts';
import { nodeKey } from './onnx/compute-nodes.ts';
import { type Dataflow, needs } from './onnx/dataflow.ts';
import type { NodeProto } from './onnx/onnx_pb.ts';

/** A node that ran, of the optimised graph, with its time. */
export interface RanNode {
  readonly name: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly timeMs: number;
}

/**
 * Times of a graph's own nodes from those of its optimised form. Optimisation keeps the name of a tensor that a fused
 * node gives out; so a fused node stands for all nodes between the tensors that remain and its outputs, and its time is
 * shared among them by FLOPs. Nodes joined by tensors that only the optimised graph has count as one. A node that
 * was optimised away for good has time 0.
 * @param nodes the graph's compute nodes
 */
export const shareTimes = (
  nodes: readonly NodeProto[],
  flow: Dataflow,
  ran: readonly RanNode[],
  costOf: (node: NodeProto) => NodeCost,
): Record<string, number> => {
  const compute = new Set(nodes);
  const times = new Map(nodes.map((node) => [node, 0]));
  const named = ran.map((node) => ({ ...node, output: ownNames(node, flow) }));
  const remaining = new Set([...flow.fed, ...named.flatMap((node) => node.output)]);
  for (const { outputs, timeMs } of groups(named, flow)) {
    for (const name of outputs) remaining.delete(name);
    const stoodFor = [...needs(flow, outputs, remaining).nodes].filter((node) => compute.has(node));
    for (const name of outputs) remaining.add(name);
    const flops = stoodFor.map((node) => costOf(node).flops);
    const total = flops.reduce((a, b) => a + b, 0);
    stoodFor.forEach((node, at) => {
      const share = total > 0 ? (flops[at] ?? 0) / total : 1 / stoodFor.length;
      times.set(node, (times.get(node) ?? 0) + share * timeMs);
    });
  }
  return Object.fromEntries(nodes.map((node) => [nodeKey(node), times.get(node) ?? 0]));
};

/** Level `all` gives blocked copies of a tensor new names, but names their node after it (nchwc_transformer.cc). */
const ownNames = ({ name, output }: RanNode, flow: Dataflow): string[] => {
  const blocked = name.replace(/_nchwc(_\d+)?$/, '');
  return output.map((o, at) => (at === 0 && !flow.producers.has(o) && flow.producers.has(blocked) ? blocked : o));
};

interface Group {
  /** Tensors of the graph itself that these nodes give out. */
  readonly outputs: string[];
  timeMs: number;
}

/** Nodes that a tensor unknown to the graph joins; the runtime lists them in topological order. */
const groups = (ran: readonly RanNode[], flow: Dataflow): Iterable<Group> => {
  const own = (name: string): boolean => flow.producers.has(name) || flow.fed.has(name);
  const groupOf = new Map<string, Group>();
  const all = new Set<Group>();
  for (const node of ran) {
    const group: Group = { outputs: node.output.filter(own), timeMs: node.timeMs };
    const joined = new Set(node.input.flatMap((name) => groupOf.get(name) ?? []));
    for (const earlier of joined) {
      group.outputs.push(...earlier.outputs);
      group.timeMs += earlier.timeMs;
      all.delete(earlier);
      for (const [name, of] of groupOf) if (of === earlier) groupOf.set(name, group);
    }
    all.add(group);
    for (const name of node.output) if (name !== '' && !own(name)) groupOf.set(name, group);
  }
  return all;
};
