import { BadInputError } from '../../../shared/errors.ts';
import { buildWasmd } from './build.ts';
import { cachedWasmd, cacheFolder, libraryVariable } from './cache.ts';
import { runCommand } from './command.ts';
import { withBuildLock } from './lock.ts';

/** The release that the reference measured and the tests speak of. */
export const WASMD_VERSION = 'v0.61.14';

/** Tells the user what is going on. */
export type Say = (line: string) => void;

/** A program that can be started: `env` names the folder of its shared library where it needs that. */
export interface Wasmd {
  readonly version: string;
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * wasmd of {@link WASMD_VERSION}: an installed one, a cached one whose checksums hold, or built from the Go module proxy (about
 * five minutes on two cores). One process builds, others wait for it.
 * @throws {BadInputError} `no-wasmd` when there is neither wasmd nor Go, `wasmd-platform` where the release has no library
 * @throws {TransientError} `command-failed` when the build fails
 */
export const ensureWasmd = async (say: Say): Promise<Wasmd> => {
  const installed: Wasmd = { version: WASMD_VERSION, program: 'wasmd', env: {} };
  if (await answers(installed)) return installed;
  const folder = cacheFolder(WASMD_VERSION);
  const found = cachedWasmd(folder, say);
  if (found) return cached(found, folder);
  if (!(await hasGo())) {
    throw new BadInputError('no-wasmd', `neither wasmd ${WASMD_VERSION} nor Go is on the PATH`, {
      next: `install wasmd ${WASMD_VERSION}, or Go to build it`,
    });
  }
  return await withBuildLock(folder, say, async () => {
    // Another process may have built it while this one waited.
    const built = cachedWasmd(folder, say) ?? (await buildWasmd(WASMD_VERSION, folder, say));
    return cached(built, folder);
  });
};

const cached = (program: string, folder: string): Wasmd => ({
  version: WASMD_VERSION,
  program,
  env: { [libraryVariable()]: folder },
});

const answers = async ({ program, env, version }: Wasmd): Promise<boolean> => {
  try {
    const said = (await runCommand(program, ['version'], { env })).trim();
    return said.replace(/^v?/, 'v') === version;
  } catch {
    return false;
  }
};

const hasGo = async (): Promise<boolean> => {
  try {
    await runCommand('go', ['version']);
    return true;
  } catch {
    return false;
  }
};
