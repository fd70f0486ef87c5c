import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { BadInputError, TransientError } from '../../../shared/errors.ts';
import type { Wasmd } from './ensure.ts';

/** One running node of a network. */
export interface NetworkNode {
  readonly rpcUrl: string;
  /** Stops it in its tracks (SIGSTOP): it answers nobody and hears of no block. */
  pause(): void;
  /** Lets it go on (SIGCONT) from the height it had. */
  resume(): void;
  /** As a power cut would (SIGKILL); resolves when the process is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same folder and ports; resolves when it answers. */
  restart(): Promise<void>;
}

export interface NodeStart {
  readonly wasmd: Wasmd;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly rpcUrl: string;
  readonly logPath: string;
  /** Removed with the process when this one dies without saying goodbye. */
  readonly folder: string;
}

const READY_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 50;

/**
 * Kills the node and removes its folder when our end of the pipe closes, which it does however this process ends. Signals of
 * the terminal go to it as well and must not end it first.
 */
const WATCHER = 'trap "" INT TERM HUP; read -r _; kill -9 "$1" 2>/dev/null; rm -rf -- "$2"';

export class NodeProcess implements NetworkNode {
  readonly rpcUrl: string;
  readonly #start: NodeStart;
  #child: ChildProcess | undefined;
  #watcher: ChildProcess | undefined;

  constructor(start: NodeStart) {
    this.#start = start;
    this.rpcUrl = start.rpcUrl;
  }

  /** Resolves when the node has made or heard of a block. @throws {TransientError} `wasmd-not-ready` with the end of its log */
  async start(): Promise<void> {
    const { wasmd, args, env, logPath, folder } = this.#start;
    const log = openSync(logPath, 'a');
    const child = spawn(wasmd.program, args, {
      env: { ...process.env, ...wasmd.env, ...env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#child = child;
    await once(child, 'spawn');
    const watcher = spawn('sh', ['-c', WATCHER, 'sh', String(child.pid), folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    watcher.unref();
    this.#watcher = watcher;
    const until = Date.now() + READY_WITHIN_MS;
    while (!(await this.#isReady())) {
      if (child.exitCode === null && child.signalCode === null && Date.now() < until) await sleep(LOOK_EVERY_MS);
      else throw new TransientError('wasmd-not-ready', `wasmd did not come up: ${this.#logEnd()}`);
    }
  }

  pause(): void {
    this.#running().kill('SIGSTOP');
  }

  resume(): void {
    this.#running().kill('SIGCONT');
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    this.#watcher?.kill('SIGKILL');
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  #running(): ChildProcess {
    if (this.#child) return this.#child;
    throw new BadInputError('node-not-running', 'the node was killed: restart it first');
  }

  async #isReady(): Promise<boolean> {
    try {
      const answer = await fetch(`${this.rpcUrl}/status`, { signal: AbortSignal.timeout(2_000) });
      const { result } = (await answer.json()) as { result: { sync_info: { latest_block_height: string } } };
      return Number(result.sync_info.latest_block_height) > 0;
    } catch {
      return false;
    }
  }

  #logEnd(): string {
    return readFileSync(this.#start.logPath, 'utf8').split('\n').slice(-12).join('\n');
  }
}
