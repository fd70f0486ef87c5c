import { boundaryInfos, type TensorTypes } from './boundary-types.ts';
import { type Dataflow, needs, sparseName } from './dataflow.ts';
import type { ByteRange } from './external-data.ts';
import { tensorsOf } from './map-tensors.ts';
import { type OnnxModel, withLists, writeModel } from './model-file.ts';
import type { GraphProto, ValueInfoProto } from './onnx_pb.ts';
import { bundlesOf, placed, type StageOfNode } from './placement.ts';
import { assertState, ownerOf, type StatePair } from './state.ts';
import { rangesOf } from './weights.ts';

/** A part of a model that runs by itself, between the stages before and after it. */
export interface ModelStage {
  /** An ONNX file. */
  readonly graph: Uint8Array;
  /** Its first inputs, in order: the bundle that the stage before gives, or the model's own. */
  readonly inputs: readonly string[];
  /** Its first outputs, in order: the bundle that the next stage takes, under the same names; or the model's own. */
  readonly outputs: readonly string[];
  /** States that stay here; the graph has them after the bundle, in this order, but once if a later stage reads one. */
  readonly state: readonly StatePair[];
  /** What it reads of the model's weights file. */
  readonly ranges: readonly ByteRange[];
}

export interface CutOptions {
  /** Types of tensors that go from stage to stage, where the file does not declare them. */
  readonly types?: TensorTypes;
  readonly state?: readonly StatePair[];
}

/**
 * Cuts a model into a chain of stages. What a later stage needs passes through those between, under its own name: as an
 * output that is directly an input, which onnxruntime accepts. Each stage holds only the weights it uses, inside or as
 * references to the one weights file; what is computed from constants alone is copied to where it is used. Operator
 * sets, versions, functions and unknown fields stay. The same input gives the same bytes.
 * @param model as `openModel` or `importModel` gives it
 * @param stageOf stage of each compute node, by its key
 * @throws {BadInputError} `stage-missing`, `stage-empty`, `cut-goes-back`; `tensor-type-unknown`, `dtype-unsupported`;
 *   `state-unknown`, `state-split`
 */
export const cutStages = (
  model: OnnxModel,
  stageOf: StageOfNode,
  { types = {}, state = [] }: CutOptions = {},
): ModelStage[] => {
  const { graph } = model;
  const placement = placed(graph, stageOf);
  const { flow, count } = placement;
  assertState(graph, flow, state);
  const states = Map.groupBy(state, (pair) => ownerOf(placement, pair));
  const own = { inputs: new Set(state.map((s) => s.input)), outputs: new Set(state.map((s) => s.output)) };
  const info = boundaryInfos(graph, types);
  const bundles = bundlesOf(placement, own).map((names) => names.map(info));
  const first = graph.input.filter((i) => flow.fed.has(i.name) && !own.inputs.has(i.name));
  const last = graph.output.filter((o) => !own.outputs.has(o.name));
  return Array.from({ length: count }, (_, stage) =>
    part(model, flow, {
      inputs: stage === 0 ? first : (bundles[stage - 1] ?? []),
      outputs: stage === count - 1 ? last : (bundles[stage] ?? []),
      state: states.get(stage) ?? [],
    }),
  );
};

interface Ends {
  readonly inputs: readonly ValueInfoProto[];
  readonly outputs: readonly ValueInfoProto[];
  readonly state: readonly StatePair[];
}

const namesOf = (infos: readonly ValueInfoProto[]): string[] => infos.map((i) => i.name);

/** Keeps the file's own order of everything, so that equal cuts have equal bytes. */
const part = (model: OnnxModel, flow: Dataflow, { inputs, outputs, state }: Ends): ModelStage => {
  const { graph } = model;
  const named = (infos: readonly ValueInfoProto[], name: string) => infos.filter((i) => i.name === name);
  const passed = new Set(namesOf(outputs));
  const input = [...inputs, ...state.flatMap((s) => named(graph.input, s.input))];
  const output = [
    ...outputs,
    ...state.filter((s) => !passed.has(s.output)).flatMap((s) => named(graph.output, s.output)),
  ];
  const { nodes, leaves } = needs(flow, namesOf(output), new Set(namesOf(input)));
  const node = graph.node.filter((n) => nodes.has(n));
  const made = new Set(node.flatMap((n) => n.output));
  const given = new Set(namesOf(output));
  const cut: GraphProto = withLists(graph, {
    node,
    initializer: graph.initializer.filter((t) => leaves.has(t.name)),
    sparseInitializer: graph.sparseInitializer.filter((t) => leaves.has(sparseName(t))),
    // Old files list initialisers among the inputs too.
    input: [...input, ...graph.input.filter((i) => flow.constants.has(i.name) && leaves.has(i.name))],
    output,
    valueInfo: graph.valueInfo.filter((v) => made.has(v.name) && !given.has(v.name)),
  });
  return {
    graph: writeModel(model, cut),
    inputs: namesOf(inputs),
    outputs: namesOf(outputs),
    state,
    ranges: rangesOf(tensorsOf(cut)),
  };
};
