import { BadInputError } from '../../errors.ts';
import { computeNodes, nodeKey } from './compute-nodes.ts';
import { type Dataflow, dataflow } from './dataflow.ts';
import type { GraphProto, NodeProto } from './onnx_pb.ts';

/** A model's graph whose compute nodes have stages, 0 to `count` - 1, never descending along a tensor. */
export interface Placement {
  readonly graph: GraphProto;
  readonly flow: Dataflow;
  /** In stored order. Nodes computed from constants alone have no stage: they are copied to where they are used. */
  readonly stages: ReadonlyMap<NodeProto, number>;
  readonly count: number;
}

/** Stage of the compute node that {@link nodeKey} names. */
export type StageOfNode = (key: string) => number | undefined;

const short = (name: string): string => name.slice(0, 200);

/**
 * @throws {BadInputError} `stage-missing` for a node without a whole number; `stage-empty` when a number below the
 *   highest has no node; `cut-goes-back` naming the tensor and both stages
 */
export const placed = (graph: GraphProto, stageOf: StageOfNode): Placement => {
  const flow = dataflow(graph);
  const stages = new Map(computeNodes(graph, flow).map((node) => [node, wholeStage(node, stageOf)] as const));
  const used = new Set(stages.values());
  const count = used.size;
  for (let stage = 0; stage < Math.max(1, count); stage++) {
    if (used.has(stage)) continue;
    throw new BadInputError(
      'stage-empty',
      `stage ${stage} has no node that computes; the highest has number ${Math.max(-1, ...used)}`,
      { next: 'number the stages 0, 1, 2, … without gaps', details: { stage } },
    );
  }
  const placement = { graph, flow, stages, count };
  assertForward(placement);
  return placement;
};

const wholeStage = (node: NodeProto, stageOf: StageOfNode): number => {
  const key = nodeKey(node);
  const stage = stageOf(key);
  if (stage !== undefined && Number.isSafeInteger(stage) && stage >= 0) return stage;
  throw new BadInputError('stage-missing', `node '${short(key)}' has stage ${stage}; give a whole number from 0`, {
    next: 'give each node that computes a stage',
    details: { node: key },
  });
};

const assertForward = ({ flow, stages }: Placement): void => {
  for (const [node, stage] of stages) {
    for (const tensor of flow.reads(node)) {
      const producer = flow.producers.get(tensor);
      const made = producer && stages.get(producer);
      if (made === undefined || made <= stage) continue;
      throw new BadInputError(
        'cut-goes-back',
        `tensor '${short(tensor)}' is made in stage ${made} and read in stage ${stage}; stages only pass on`,
        { next: 'move its reader to a later stage', details: { tensor, from: made, to: stage } },
      );
    }
  }
};

/**
 * Names that go from stage b to stage b + 1, for each boundary b: all that a later stage reads or the model gives out,
 * in the order of the model's inputs and then of the nodes that make them.
 * @param own tensors that never leave their stage
 */
export const bundlesOf = (
  { graph, flow, stages, count }: Placement,
  own: { readonly inputs: ReadonlySet<string>; readonly outputs: ReadonlySet<string> },
): string[][] => {
  const last = new Map<string, number>();
  for (const [node, stage] of stages) {
    for (const name of flow.reads(node)) last.set(name, Math.max(stage, last.get(name) ?? 0));
  }
  for (const { name } of graph.output) if (!own.outputs.has(name)) last.set(name, count - 1);
  const bundles: string[][] = Array.from({ length: count - 1 }, () => []);
  const carry = (name: string, born: number): void => {
    const until = last.get(name) ?? born;
    for (let boundary = born; boundary < until; boundary++) bundles[boundary]?.push(name);
  };
  for (const { name } of graph.input) if (flow.fed.has(name) && !own.inputs.has(name)) carry(name, 0);
  for (const [node, stage] of stages) for (const name of node.output) if (name !== '') carry(name, stage);
  return bundles;
};
