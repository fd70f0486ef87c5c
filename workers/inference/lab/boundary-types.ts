import { BadInputError } from '../../../shared/errors.ts';
import type { TensorTypes } from '../../../shared/model/onnx/boundary-types.ts';
import type { ProfileFile } from '../../../shared/model/profile.ts';
import { type SizedRun, symbolicDims } from '../../../shared/model/symbolic-dims.ts';
import { generateInputs } from '../profile/generated-inputs.ts';
import { measureTensors } from '../profile/measure-tensors.ts';
import { openForProfile } from '../profile/profile-model.ts';
import { defaultRuntime } from '../runtime.ts';
import type { OnnxFile } from './onnx-file.ts';

/** Strides of networks divide 32; sizes below that are counts, which may grow by one. */
const step = (size: number): number => (size >= 32 ? 32 : 1);

/**
 * Types of a model's tensors as stages declare them: where inputs have free dimensions, with the symbolic dimensions
 * that three runs at different sizes show. A model that runs at one size only keeps its numbers, unless a dimension is
 * free: then each dimension of each tensor is free by itself, which is always right.
 */
export const boundaryTypes = async (
  { path }: OnnxFile,
  { profile }: ProfileFile,
  dims: Readonly<Record<string, number>>,
): Promise<TensorTypes> => {
  const { model, loadable } = await openForProfile({ path });
  const runtime = defaultRuntime('disabled');
  const { freeDims } = generateInputs(model.graph, dims, {});
  if (freeDims.length === 0) return profile.tensors;
  const run = async (round: number): Promise<SizedRun> => {
    // Each dimension moves by a step of its own, so that no two look alike.
    const sizes = Object.fromEntries(
      freeDims.map(({ name, size }, i) => [name, size + round * (round + i) * step(size)] as const),
    );
    const { tensors } = generateInputs(model.graph, sizes, {});
    return { sizes, tensors: await measureTensors(model, loadable, runtime, tensors) };
  };
  try {
    return symbolicDims([await run(0), await run(1), await run(2)]);
  } catch (error) {
    if (!(error instanceof BadInputError)) throw error;
    return Object.fromEntries(
      Object.entries(profile.tensors).map(([name, { dtype, dims: sizes }]) => [
        name,
        { dtype, dims: sizes.map((_, axis) => `${name}:${axis}`) },
      ]),
    );
  }
};
