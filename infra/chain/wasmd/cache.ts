import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { BadInputError } from '../../../shared/errors.ts';

/** In the form of `sha256sum`, so that `sha256sum -c SHA256SUMS` checks a folder too. */
export const CHECKSUMS = 'SHA256SUMS';

const LIBRARIES: Readonly<Record<string, string>> = {
  'linux-x64': 'libwasmvm.x86_64.so',
  'linux-arm64': 'libwasmvm.aarch64.so',
  'darwin-x64': 'libwasmvm.dylib',
  'darwin-arm64': 'libwasmvm.dylib',
};

const platform = (): string => `${process.platform}-${process.arch}`;

/** File name of wasmvm's library on this machine. @throws {BadInputError} `wasmd-platform` */
export const libraryName = (): string => {
  const name = LIBRARIES[platform()];
  if (name !== undefined) return name;
  const known = Object.keys(LIBRARIES).join(', ');
  throw new BadInputError('wasmd-platform', `wasmvm has no library for ${platform()}; it has some for ${known}`);
};

/** Environment variable that names the folder of shared libraries. */
export const libraryVariable = (): string => (process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH');

/** Where a version is kept, outside of any checkout; a cache that may be deleted at any time. */
export const cacheFolder = (version: string): string => {
  const caches = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(caches, 'quorate', `wasmd-${version}-${platform()}`);
};

export const sha256File = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** The program in a folder whose files all have the checksums written beside them; undefined for anything less. */
export const cachedWasmd = (folder: string, say: (line: string) => void): string | undefined => {
  const sums = join(folder, CHECKSUMS);
  if (!existsSync(sums)) return undefined;
  const expected = new Map(
    readFileSync(sums, 'utf8')
      .split('\n')
      .flatMap((line) => {
        const match = /^([0-9a-f]{64}) {2}(.+)$/.exec(line);
        return match ? [[match[2] as string, match[1]] as const] : [];
      }),
  );
  for (const name of ['wasmd', libraryName()]) {
    const path = join(folder, name);
    if (existsSync(path) && expected.get(name) === sha256File(path)) continue;
    say(`the cached ${name} is not what was built: it will be built again`);
    return undefined;
  }
  return join(folder, 'wasmd');
};
