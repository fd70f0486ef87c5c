import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BadInputError } from '../../../shared/errors.ts';
import type { ManifestRuntime } from '../../../shared/model/manifest.ts';
import { encodeProfile, type ProfileFile, parseProfile, profileKey } from '../../../shared/model/profile.ts';
import { type ModelSource, type ProfileOptions, profileModel } from './profile-model.ts';

/** Profiles in a folder, one file each, named by `profileKey`. */
export interface ProfileFiles {
  /** Undefined when there is none, or when it is damaged. */
  read(key: string): Promise<ProfileFile | undefined>;
  /** All of it or nothing, whatever happens meanwhile. */
  write(key: string, file: ProfileFile): Promise<void>;
}

export const openProfileFiles = (folder: string): ProfileFiles => {
  const pathOf = (key: string): string => join(folder, `${key}.json`);
  return {
    read: async (key) => {
      try {
        return parseProfile(await readFile(pathOf(key)));
      } catch (error) {
        const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
        if (absent || error instanceof BadInputError) return undefined;
        throw error;
      }
    },
    write: async (key, file) => {
      await mkdir(folder, { recursive: true });
      const aside = await mkdtemp(join(folder, 'writing-'));
      try {
        await writeFile(join(aside, 'profile'), encodeProfile(file), { flush: true });
        await rename(join(aside, 'profile'), pathOf(key));
      } finally {
        await rm(aside, { recursive: true, force: true });
      }
    },
  };
};

/**
 * The stored profile of a model on this machine at these sizes, measured first when there is none that is whole.
 * @param modelHash names the model, its external weights included
 * @throws {BadInputError} as `profileModel`
 */
export const storedProfile = async (
  files: ProfileFiles,
  modelHash: string,
  source: ModelSource,
  runtime: ManifestRuntime,
  options: Pick<ProfileOptions, 'dims' | 'runs'> = {},
): Promise<ProfileFile> => {
  const key = profileKey(modelHash, runtime.class, options.dims);
  const stored = await files.read(key);
  if (stored && stored.modelHash === modelHash && stored.runtimeClass === runtime.class) return stored;
  const { profile, inputs } = await profileModel(source, runtime, options);
  const shapes = Object.entries(inputs).map(([name, { dtype, dims }]) => [name, { dtype, dims }] as const);
  const file: ProfileFile = {
    format: 'quorate/profile/v1',
    modelHash,
    runtimeClass: runtime.class,
    inputs: Object.fromEntries(shapes),
    how: 'measured',
    profile,
  };
  await files.write(key, file);
  return file;
};
