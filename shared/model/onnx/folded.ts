import type { Dataflow } from './dataflow.ts';
import type { GraphProto, NodeProto } from './onnx_pb.ts';

const CONVOLUTION = /^Conv(Transpose)?$/;
const FOLDED = /^(BatchNormalization|Mul|Add)$/;

/**
 * Each convolution with the normalisation, scale and shift that follow it. Level `basic` folds their constants into the
 * convolution's weights (conv_bn_fusion.cc, conv_mul_fusion.cc, conv_add_fusion.cc of onnxruntime), which rounds
 * otherwise: a cut between them would not give the bytes of the whole, nor save the work that folding saves. It folds
 * only what nobody else reads.
 * @param nodes compute nodes
 * @returns groups of indexes of `nodes`, ascending, two or more in each
 */
export const foldedGroups = (graph: GraphProto, flow: Dataflow, nodes: readonly NodeProto[]): number[][] => {
  const made = new Set(nodes.flatMap((node) => node.output));
  const outputs = new Set(graph.output.map(({ name }) => name));
  const readers = new Map<string, number[]>();
  for (const [i, node] of nodes.entries()) {
    for (const name of flow.reads(node)) readers.set(name, [...(readers.get(name) ?? []), i]);
  }
  const isConstant = (name: string): boolean => !made.has(name) && !flow.fed.has(name);
  /** What is folded into the node that makes this tensor. */
  const follower = (name: string): number | undefined => {
    const [only, ...others] = readers.get(name) ?? [];
    const reader = nodes[only ?? -1];
    if (only === undefined || !reader || others.length > 0 || outputs.has(name)) return undefined;
    const rest = reader.input.filter((input) => input !== name);
    return FOLDED.test(reader.opType) && rest.length > 0 && rest.every(isConstant) ? only : undefined;
  };
  return nodes.flatMap((node, i) => {
    if (!CONVOLUTION.test(node.opType)) return [];
    const group = [i];
    for (let next = follower(node.output[0] ?? ''); next !== undefined; ) {
      group.push(next);
      next = follower(nodes[next]?.output[0] ?? '');
    }
    return group.length > 1 ? [group] : [];
  });
};
