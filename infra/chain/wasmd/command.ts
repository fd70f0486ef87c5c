import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { TransientError } from '../../../shared/errors.ts';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Hears every line of standard error. */
  readonly onLine?: (line: string) => void;
}

/**
 * Runs a program to its end and gives what it wrote to standard output.
 * @throws {TransientError} `command-failed` with the last lines of standard error, or with the reason that it could not start
 */
export const runCommand = (
  program: string,
  args: readonly string[],
  { cwd, env, onLine }: CommandOptions = {},
): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const what = `${program} ${args.slice(0, 3).join(' ')}`;
    let written = '';
    const last: string[] = [];
    child.stdout.on('data', (data: Buffer) => {
      written += data.toString();
    });
    createInterface({ input: child.stderr }).on('line', (line) => {
      last.push(line);
      if (last.length > 20) last.shift();
      onLine?.(line);
    });
    child.on('error', (cause) =>
      reject(new TransientError('command-failed', `${what} could not start: ${cause.message}`, { cause })),
    );
    child.on('close', (code) => {
      if (code === 0) resolve(written);
      else reject(new TransientError('command-failed', `${what} ended with ${code}: ${last.join('\n')}`));
    });
  });
