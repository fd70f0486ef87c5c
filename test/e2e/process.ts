import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = join(ROOT, 'infra/local/main.ts');
const CLI = join(ROOT, 'shared/client/cli/main.ts');

export const newFolder = (): string => mkdtempSync(join(tmpdir(), 'quorate-e2e-'));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const start = (script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess =>
  spawn(process.execPath, [script, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

const collect = (child: ChildProcess): Promise<Ended> =>
  new Promise((resolve, reject) => {
    let [stdout, stderr] = ['', ''];
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk;
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });

/** `npm start -- ...` without npm, on free ports and a folder of its own. */
export const runMain = (dataDir: string, args: readonly string[]): Promise<Ended> =>
  collect(start(MAIN, ['--data', dataDir, '--port', '0', '--rpc-port', '0', ...args]));

export interface Serving {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly apiUrl: string;
}

/** A devnet that serves until it is stopped or killed. */
export const serveMain = async (dataDir: string, args: readonly string[] = []): Promise<Serving> => {
  const child = start(MAIN, ['--data', dataDir, '--port', '0', '--rpc-port', '0', '--serve-only', ...args]);
  const ended = collect(child);
  const apiUrl = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      const url = /api +(http:\/\/\S+)/.exec(chunk.toString())?.[1];
      if (url) resolve(url);
    });
    ended.then(({ code, stderr }) => reject(new Error(`ended with ${code} before it served: ${stderr}`)), reject);
  });
  return { child, ended, apiUrl };
};

/** `quorate ...` against the devnet of this folder. */
export const runCli = (dataDir: string, args: readonly string[]): Promise<Ended> =>
  collect(start(CLI, args, { QUORATE_HOME: dataDir }));
