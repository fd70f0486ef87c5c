import { join } from 'node:path';
import { BadInputError } from '../../../shared/errors.ts';
import { assertOutputsTravel } from '../../../shared/model/onnx/boundary-types.ts';
import { computeNodes } from '../../../shared/model/onnx/compute-nodes.ts';
import { dataflow } from '../../../shared/model/onnx/dataflow.ts';
import { type StatePair, stateTensors } from '../../../shared/model/onnx/state.ts';
import { type ModelWork, workGraph } from '../../../shared/model/onnx/work-graph.ts';
import type { ProfileFile } from '../../../shared/model/profile.ts';
import { generateInputs } from '../profile/generated-inputs.ts';
import { openProfileFiles, storedProfile } from '../profile/profile-files.ts';
import { defaultRuntime } from '../runtime.ts';
import type { OnnxFile } from './onnx-file.ts';

export interface ProfiledWork extends ModelWork {
  readonly profile: ProfileFile;
  /** Found by their names. */
  readonly state: readonly StatePair[];
}

/**
 * A model's work as this machine measured it: now, or before at the same sizes.
 * @param folder where profiles are kept
 * @param dims sizes of free dimensions by name
 * @throws {BadInputError} `graph-constant` when no node depends on what is fed; `dims-unknown`; `dtype-unsupported` for an output that no stage can give; as `storedProfile`
 */
export const profiledWork = async (
  file: OnnxFile,
  folder: string,
  dims: Readonly<Record<string, number>>,
): Promise<ProfiledWork> => {
  assertComputes(file);
  assertKnown(file, dims);
  assertOutputsTravel(file.model.graph);
  const files = openProfileFiles(join(folder, 'profiles'));
  const profile = await storedProfile(files, file.hash, { path: file.path }, defaultRuntime(), { dims });
  const state = stateTensors(file.model.graph);
  return { ...workGraph(file.model, profile.profile, { state }), profile, state };
};

const assertComputes = ({ model: { graph } }: OnnxFile): void => {
  if (computeNodes(graph, dataflow(graph)).length > 0) return;
  throw new BadInputError('graph-constant', 'no node of this model depends on its inputs, so there is nothing to run', {
    next: 'give a model that computes something of what it is fed',
  });
};

const assertKnown = ({ model }: OnnxFile, dims: Readonly<Record<string, number>>): void => {
  const free = generateInputs(model.graph, dims, {}).freeDims.map(({ name }) => name);
  const unknown = Object.keys(dims).filter((name) => !free.includes(name));
  if (unknown.length === 0) return;
  throw new BadInputError(
    'dims-unknown',
    `the inputs have no free dimension ${unknown.map((name) => `'${name.slice(0, 200)}'`).join(', ')}; ${free.length === 0 ? 'none is free' : `free are: ${free.join(', ')}`}`,
    { next: 'give the sizes of free dimensions only', details: { unknown, free } },
  );
};
