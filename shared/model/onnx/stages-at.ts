import { BadInputError } from '../../errors.ts';
import type { TensorType } from './boundary-types.ts';
import { nodeKey } from './compute-nodes.ts';
import { cutStages, type ModelStage } from './cut.ts';
import { dataflow, needs } from './dataflow.ts';
import type { ElementType } from './element-types.ts';
import type { OnnxModel } from './model-file.ts';

/** A tensor to cut at, with its type. */
export interface BoundaryTensor extends TensorType {
  readonly name: string;
  readonly dtype: ElementType;
}

/**
 * Cuts a model after named tensors: what a cut's tensors need, and the cuts before did not, is one stage; the rest is
 * the last one.
 * @param model as `openModel` gives it, so that each stage holds its own weights, or as `importModel`
 * @param cuts from the model's inputs to its outputs
 * @throws {BadInputError} `unknown-tensor`; as {@link cutStages}, `tensor-type-unknown` when another tensor passes
 *   beside a cut
 */
export const stagesAt = (model: OnnxModel, cuts: readonly (readonly BoundaryTensor[])[]): ModelStage[] => {
  const flow = dataflow(model.graph);
  const stages = new Map<string, number>();
  for (const [stage, cut] of cuts.entries()) {
    for (const { name } of cut) assertComputed(flow.producers.has(name), name);
    const names = cut.map((t) => t.name);
    for (const node of needs(flow, names, new Set()).nodes) {
      const key = nodeKey(node);
      if (!stages.has(key)) stages.set(key, stage);
    }
  }
  const types = Object.fromEntries(cuts.flat().map((tensor) => [tensor.name, tensor]));
  return cutStages(model, (key) => stages.get(key) ?? cuts.length, { types });
};

const assertComputed = (computed: boolean, name: string): void => {
  if (computed) return;
  throw new BadInputError('unknown-tensor', `no node of this graph computes a tensor '${name.slice(0, 200)}'`, {
    next: 'name a tensor that a node gives out',
    details: { tensor: name },
  });
};
