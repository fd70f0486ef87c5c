import { join } from 'node:path';
import { type StatePair, stateTensors } from '../../../shared/model/onnx/state.ts';
import { type ModelWork, workGraph } from '../../../shared/model/onnx/work-graph.ts';
import type { ProfileFile } from '../../../shared/model/profile.ts';
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
 * @throws {BadInputError} as `storedProfile`
 */
export const profiledWork = async (
  file: OnnxFile,
  folder: string,
  dims: Readonly<Record<string, number>>,
): Promise<ProfiledWork> => {
  const files = openProfileFiles(join(folder, 'profiles'));
  const profile = await storedProfile(files, file.hash, { path: file.path }, defaultRuntime(), { dims });
  const state = stateTensors(file.model.graph);
  return { ...workGraph(file.model, profile.profile, { state }), profile, state };
};
