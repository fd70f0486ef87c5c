import { type NodeCost, nodeCost, type OperatorClass } from './analytic-cost.ts';
import { nonNegativeLeastSquares } from './fit-cost.ts';
import { computeNodes, nodeKey } from './onnx/compute-nodes.ts';
import { dataflow } from './onnx/dataflow.ts';
import type { OnnxModel } from './onnx/model-file.ts';
import type { GraphProto, NodeProto } from './onnx/onnx_pb.ts';
import { declaredShapes, type Shapes, type TensorShape, weightShapes } from './onnx/tensor-shapes.ts';
import type { Profile } from './profile.ts';

/** How fast a machine runs operators. */
export interface MachineRates {
  readonly flopsPerMs: number;
  readonly bytesPerMs: number;
  /** What every node costs, whatever its size. */
  readonly launchMs: number;
  /** By how much a class takes longer than the roofline says; 1 where not given. */
  readonly factors: Readonly<Partial<Record<OperatorClass, number>>>;
}

/** max(FLOPs/peak, bytes/bandwidth): the roofline model (Williams, Waterman, Patterson, CACM 2009). */
const rooflineMs = ({ flops, bytes }: NodeCost, { flopsPerMs, bytesPerMs }: MachineRates): number =>
  Math.max(flops / flopsPerMs, bytes / bytesPerMs);

/** Predicted time of one node in milliseconds. */
export const nodeTimeMs = (cost: NodeCost, machine: MachineRates): number =>
  (machine.factors[cost.kind] ?? 1) * rooflineMs(cost, machine) + machine.launchMs;

export interface CostSample {
  readonly cost: NodeCost;
  readonly timeMs: number;
}

/**
 * The machine whose predictions are nearest to measured times in the least-squares sense: a factor per operator class
 * and the launch cost, none negative. Classes without a sample keep their factor.
 */
export const fitMachine = (machine: MachineRates, samples: readonly CostSample[]): MachineRates => {
  const classes = [...new Set(samples.map(({ cost }) => cost.kind))];
  const rows = samples.map(({ cost }) => [
    ...classes.map((kind) => (kind === cost.kind ? rooflineMs(cost, machine) : 0)),
    1,
  ]);
  const fitted = nonNegativeLeastSquares(
    rows,
    samples.map(({ timeMs }) => timeMs),
  );
  const factors = Object.fromEntries(classes.map((kind, at) => [kind, fitted[at] ?? 1]));
  return { ...machine, factors: { ...machine.factors, ...factors }, launchMs: fitted.at(-1) ?? machine.launchMs };
};

/** All shapes known of a graph: its weights, and what `tensors` says of the rest. */
export const allShapes = (graph: GraphProto, tensors: Profile['tensors']): Shapes => {
  const whole = Object.entries(tensors).filter((entry): entry is [string, TensorShape] =>
    entry[1].dims.every((dim) => typeof dim === 'number'),
  );
  return new Map([...weightShapes(graph), ...whole]);
};

/** Level `basic` and above fold these into the weights of what they follow (conv_bn_fusion.cc). */
const FOLDED_INTO = /^Conv(Transpose)?$/;
const FOLDED: NodeCost = { kind: 'view', flops: 0, bytes: 0 };

/**
 * What each compute node costs when the runtime optimises: a batch normalisation after a convolution is free.
 * @param tensors shapes, from a profile of another machine for one
 * @throws {BadInputError} `profile-needs-shapes`
 */
export const graphCosts = (graph: GraphProto, tensors: Profile['tensors']): ReadonlyMap<NodeProto, NodeCost> => {
  const shapes = allShapes(graph, tensors);
  const flow = dataflow(graph);
  const folded = (node: NodeProto): boolean =>
    node.opType === 'BatchNormalization' && FOLDED_INTO.test(flow.producers.get(node.input[0] ?? '')?.opType ?? '');
  return new Map(
    computeNodes(graph, flow).map((node) => [node, folded(node) ? FOLDED : nodeCost(node, shapes)] as const),
  );
};

/**
 * Predicted times of all compute nodes, keyed by `nodeKey`: for a machine that did not measure the model itself.
 * @throws {BadInputError} `profile-needs-shapes`
 */
export const analyticTimes = (
  graph: GraphProto,
  tensors: Profile['tensors'],
  machine: MachineRates,
): Readonly<Record<string, number>> =>
  Object.fromEntries([...graphCosts(graph, tensors)].map(([node, cost]) => [nodeKey(node), nodeTimeMs(cost, machine)]));

/**
 * A profile without a run, for models that do not fit this machine: needs a file that declares all shapes.
 * @param dims sizes of free dimensions, by the name the file gives them
 * @throws {BadInputError} `profile-needs-shapes` when the file leaves out the shape of a tensor
 */
export const analyticProfile = (
  { graph }: OnnxModel,
  machine: MachineRates,
  dims: Readonly<Record<string, number>> = {},
): Profile => {
  const weights = new Set(graph.initializer.map((t) => t.name));
  const declared = [...declaredShapes(graph, dims)].filter(([name]) => !weights.has(name));
  const constants = [...weightShapes(graph)].filter(([name]) => !weights.has(name));
  const tensors = Object.fromEntries([...declared, ...constants]);
  return { nodes: analyticTimes(graph, tensors, machine), tensors };
};
