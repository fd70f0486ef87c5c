import { type ChildProcess, spawn } from 'node:child_process';

/** What stands for the image: a program on this machine. The command of a job is appended to its arguments. */
export interface Program {
  readonly path: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Beneath what definition and job set: PATH, endpoint, credentials. Nothing else is inherited. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface ContainerEnd {
  /** As docker tells it: 128 + the signal's number when a signal ended it. */
  readonly exitCode: number;
}

/** Longest that a container may take from SIGTERM to its end; then it is killed (ECS's stopTimeout). */
const STOP_MS = 30_000;
/** Of the output of each attempt the end is kept. */
const LOG_CHARACTERS = 100_000;
const SIGNALS: Readonly<Record<string, number>> = { SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** One attempt's container: a child process. */
export class Container {
  readonly ended: Promise<ContainerEnd>;
  log = '';
  readonly #child: ChildProcess;
  #killer: NodeJS.Timeout | undefined;

  constructor({ path, args, cwd, environment }: Program, command: readonly string[], env: Record<string, string>) {
    this.#child = spawn(path, [...args, ...command], {
      cwd,
      env: { ...environment, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.log = (this.log + chunk.toString()).slice(-LOG_CHARACTERS);
      });
    }
    this.ended = new Promise((resolve) => {
      // 127: what a shell says of a program that is not there.
      this.#child.on('error', () => resolve({ exitCode: 127 }));
      this.#child.on('close', (code, signal) => {
        clearTimeout(this.#killer);
        resolve({ exitCode: code ?? 128 + (SIGNALS[signal ?? ''] ?? 0) });
      });
    });
  }

  /** SIGTERM, and SIGKILL for what does not listen. */
  stop(): void {
    this.#child.kill('SIGTERM');
    this.#killer ??= setTimeout(() => this.kill(), STOP_MS).unref();
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
