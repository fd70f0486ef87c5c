import { type Dataflow, downstream } from './dataflow.ts';
import type { GraphProto, NodeProto } from './onnx_pb.ts';

/** Give other values at every run, so a copy in another stage would differ (onnx operators, Random* and Bernoulli). */
const RANDOM = /^(Random(Normal|Uniform)(Like)?|Bernoulli|Multinomial)$/;

/**
 * Nodes that planning places: all whose result depends on what is fed. The others are made from constants alone: they
 * are weights, copied to wherever they are used.
 */
export const computeNodes = (graph: GraphProto, flow: Dataflow): NodeProto[] => {
  const random = graph.node.filter((n) => RANDOM.test(n.opType)).flatMap((n) => n.output);
  const reached = downstream(graph, flow, [...flow.fed, ...random]);
  return graph.node.filter((node) => node.output.some((o) => o !== '' && reached.has(o)));
};

/** Names a node in profiles and plans, since names of nodes are optional in ONNX: the first tensor that it makes. */
export const nodeKey = (node: NodeProto): string => node.output.find((o) => o !== '') ?? '';
