import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, statfs, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { systemClock, systemRandom } from '../../adapters/system/clock.ts';
import { BadInputError } from '../../errors.ts';
import type { Clock, Random } from '../../ports/clock.ts';
import type { Fetch } from '../http.ts';

/** What the CLI touches of the machine, so that a test can be the machine. */
export interface Io {
  /** One line, without its end. */
  out(line: string): void;
  err(line: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly nodeVersion: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: Fetch;
  readonly signal?: AbortSignal;
  exists(path: string): boolean;
  /** @throws {BadInputError} `file-unreadable` */
  read(path: string): Promise<Uint8Array>;
  /** @throws {BadInputError} `file-unwritable` */
  write(path: string, bytes: Uint8Array): Promise<void>;
  freeBytes(path: string): Promise<number>;
  /** Runs a script of this project with this Node until it ends. @returns its exit code */
  run(script: string, args: readonly string[], quiet: boolean): Promise<number>;
}

const ROOT = new URL('../../../', import.meta.url);

const unreadable = (path: string, cause: unknown): BadInputError =>
  new BadInputError('file-unreadable', `the file ${path} cannot be read`, {
    next: 'Give the path of a file that exists and may be read.',
    details: { path },
    cause,
  });

/** The child belongs to the same terminal and gets Ctrl-C itself; this process waits for it to end in good order. */
const runScript = (script: string, args: readonly string[], quiet: boolean): Promise<number> =>
  new Promise((resolve, reject) => {
    const path = fileURLToPath(new URL(script, ROOT));
    const child = spawn(process.execPath, [path, ...args], { stdio: ['inherit', quiet ? 2 : 'inherit', 'inherit'] });
    process.on('SIGINT', () => undefined);
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });

export const systemIo = (): Io => ({
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  env: process.env,
  cwd: process.cwd(),
  nodeVersion: process.versions.node,
  clock: systemClock,
  random: systemRandom,
  fetch: globalThis.fetch,
  exists: existsSync,
  read: async (path) => {
    try {
      return new Uint8Array(await readFile(path));
    } catch (cause) {
      throw unreadable(path, cause);
    }
  },
  write: async (path, bytes) => {
    try {
      await writeFile(path, bytes);
    } catch (cause) {
      throw new BadInputError('file-unwritable', `the file ${path} cannot be written`, {
        next: 'Give a path in a folder that exists and may be written to.',
        details: { path },
        cause,
      });
    }
  },
  freeBytes: async (path) => {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  },
  run: runScript,
});
