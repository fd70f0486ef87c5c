import type { CutOptions, ModelStage } from '../cut.ts';
import { cutStages } from '../cut.ts';
import { importModel } from '../import-model.ts';
import { readModel } from '../model-file.ts';
import type { GraphProto, TensorProto } from '../onnx_pb.ts';
import { info, type node, onnxFile } from './build.ts';

type Node = ReturnType<typeof node>;

/** A file of one-element float tensors; types of what nodes make are declared unless `declared` is false. */
export const smallFile = (
  nodes: readonly Node[],
  {
    inputs = ['in'],
    weights = [],
    outputs = ['out'],
    declared = true,
  }: {
    readonly inputs?: readonly string[];
    readonly weights?: readonly TensorProto[];
    readonly outputs?: readonly string[];
    readonly declared?: boolean;
  } = {},
): Uint8Array => {
  const made = nodes.flatMap((n) => n.output).filter((name) => name !== '' && !outputs.includes(name));
  return onnxFile(
    {
      node: [...nodes],
      initializer: [...weights],
      input: inputs.map((name) => info(name)),
      output: outputs.map((name) => info(name)),
      valueInfo: declared ? made.map((name) => info(name)) : [],
    },
    { opsets: { '': 13, 'com.example': 1 } },
  );
};

/** Cuts a file into the stages that list the keys of their nodes; nodes that no stage lists are in the last one. */
export const cutBy = (file: Uint8Array, stages: readonly string[], options: CutOptions = {}): ModelStage[] =>
  cutStages(importModel(file).model, stageBy(stages), options);

export const stageBy =
  (stages: readonly string[]) =>
  (key: string): number => {
    const stage = stages.findIndex((keys) => keys.split(' ').includes(key));
    return stage === -1 ? stages.length - 1 : stage;
  };

/** What a stage's graph holds, each list in words. */
export const contents = ({ graph }: ModelStage) => {
  const names = (list: readonly { readonly name: string }[]) => list.map((x) => x.name).join(' ');
  const read: GraphProto = readModel(graph).graph;
  return {
    in: names(read.input),
    nodes: read.node.map((n) => n.output.filter((o) => o !== '').join(',')).join(' '),
    out: names(read.output),
    weights: names(read.initializer),
  };
};
