import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../infra/chain/wasmd/command.ts';
import { BadInputError, TransientError } from '../../shared/errors.ts';

const REQUIREMENTS = fileURLToPath(new URL('./requirements.txt', import.meta.url));
const MIN_PYTHON = [3, 11] as const;

/**
 * A Python that has the pinned emulators, installed once per list of versions, outside of any checkout. Made aside and renamed into
 * place: of two processes that install at once both get a whole one.
 * @returns path of the interpreter; the programs are started by `-m`, since scripts of a moved environment do not start
 * @throws {BadInputError} `no-python`, `old-python`; {TransientError} `command-failed` when the packages do not install
 */
export const ensureEmulators = async (say: (line: string) => void): Promise<string> => {
  const caches = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const hash = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 16);
  const folder = join(caches, 'quorate', `cloud-${hash}`);
  const python = join(folder, 'bin', 'python');
  if (existsSync(python)) return python;
  await checkPython();
  mkdirSync(join(caches, 'quorate'), { recursive: true });
  say('installing the pinned AWS emulators (once) ...');
  const aside = mkdtempSync(`${folder}.`);
  try {
    await runCommand('python3', ['-m', 'venv', aside]);
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', REQUIREMENTS];
    await runCommand(join(aside, 'bin', 'python'), install);
    rename(aside, folder);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return python;
};

const checkPython = async (): Promise<void> => {
  const next = `Install Python ${MIN_PYTHON.join('.')} or newer with its venv module.`;
  const version = await runCommand('python3', ['-c', 'import sys, venv; print(*sys.version_info[:2])']).catch(
    (cause) => {
      throw new BadInputError('no-python', 'python3 with its module venv is not on the PATH', { next, cause });
    },
  );
  const [major = 0, minor = 0] = version.trim().split(' ').map(Number);
  if (major > MIN_PYTHON[0] || (major === MIN_PYTHON[0] && minor >= MIN_PYTHON[1])) return;
  throw new BadInputError('old-python', `python3 is ${major}.${minor}, expected ${MIN_PYTHON.join('.')} or newer`, {
    next,
  });
};

const rename = (aside: string, folder: string): void => {
  try {
    renameSync(aside, folder);
  } catch (cause) {
    // Another process was faster: its own is as good.
    if (existsSync(join(folder, 'bin', 'python'))) return;
    throw new TransientError('cache-io', 'the installed emulators could not be moved into the cache', { cause });
  }
};
