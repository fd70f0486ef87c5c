import { setTimeout as delay } from 'node:timers/promises';
import { MessageChannel, type Transferable, Worker } from 'node:worker_threads';
import { type StageJob, stageJobId } from '../../shared/messages/stage-job.ts';
import type { JobHost, JobStart } from '../../shared/ports/job-host.ts';
import { Chains, type LostJob } from './chains.ts';
import type { HostMessage, RunJob, WorkerReport, WorkerSettings } from './thread-messages.ts';

export type { LostJob } from './chains.ts';

export interface ThreadHostOptions {
  readonly settings: WorkerSettings;
  /** Worker threads; each runs one stage at a time. Default 2. */
  readonly workers?: number;
  /** Most runs waiting or running; more are refused. Default 32. */
  readonly maxRuns?: number;
  /** A worker died with this job, or could neither finish nor fail it: to be started again in the next epoch. */
  readonly onLost: (lost: LostJob) => void;
}

export interface ThreadHost extends JobHost {
  /**
   * Ends a worker in the middle of its job, as a crash would: its jobs are reported lost and another takes its place.
   */
  restart(worker: number): Promise<void>;
  /**
   * Takes no more jobs, waits up to `graceMs` for those in flight, then ends the workers. What is left is reported
   * lost.
   */
  stop(graceMs: number): Promise<void>;
}

/** How long a thread may take to end itself: longer than any run of a graph. */
const EXIT_MS = 60_000;
/** Starts without having said 'ready' after which a worker is not started again. */
const MAX_FAILED_STARTS = 3;

/**
 * Which worker runs a stage: always the same one, so that its graph stays loaded there; neighbours share a worker
 * where there are fewer workers than stages, the later ones first, since the first stage also decodes the input.
 */
export const workerOf = (stage: number, stages: number, workers: number): number =>
  Math.max(0, Math.min(workers, stages) - 1 - Math.floor(((stages - 1 - stage) * Math.min(workers, stages)) / stages));

/** Job host of one node on this machine: stages on worker threads, activations handed over from thread to thread. */
export const startThreadHost = (options: ThreadHostOptions): ThreadHost => {
  const count = options.workers ?? 2;
  const maxRuns = options.maxRuns ?? 32;
  const drained = Promise.withResolvers<void>();
  let stopping = false;
  const chains = new Chains(options.onLost, () => {
    if (stopping) drained.resolve();
  });
  const threads = Array.from(
    { length: count },
    (_, index) => new Thread(index, options.settings, chains, () => stopping),
  );

  const refusal = (jobs: readonly StageJob[]): string | undefined => {
    if (stopping) return 'the host is stopping';
    if (jobs.some((job, i) => (i === 0) === (job.input.from === 'previous'))) {
      return 'jobs started together are consecutive: the first reads a blob, the others what the one before hands over';
    }
    if (chains.size >= maxRuns) return `${maxRuns} runs are waiting or running, the most that this host takes`;
    const broken = threads.find((thread) => thread.broken !== undefined);
    return broken && `worker ${broken.index} does not start: ${broken.broken}`;
  };

  const place = (jobs: readonly StageJob[]): void => {
    const places = jobs.map((job) => ({ id: stageJobId(job), worker: workerOf(job.stage, job.stages, count) }));
    const channels = jobs.slice(1).map(() => new MessageChannel());
    chains.add(jobs, places);
    for (const [i, job] of jobs.entries()) {
      const { id, worker } = places[i] as (typeof places)[number];
      const [before, after] = [channels[i - 1], channels[i]];
      threads[worker]?.run({
        kind: 'run',
        id,
        job,
        ...(before ? { input: before.port2 } : {}),
        ...(after ? { output: after.port1 } : {}),
      });
    }
  };

  return {
    start: async (jobs): Promise<JobStart> => {
      if (jobs.some((job) => chains.has(stageJobId(job)))) return { outcome: 'already-started' };
      const reason = refusal(jobs);
      if (reason !== undefined) return { outcome: 'refused', reason };
      place(jobs);
      return { outcome: 'started' };
    },
    restart: async (worker) => {
      await threads[worker]?.kill();
    },
    stop: async (graceMs) => {
      stopping = true;
      if (chains.size === 0) drained.resolve();
      const waiting = new AbortController();
      await Promise.race([drained.promise, delay(graceMs, undefined, { signal: waiting.signal }).catch(() => {})]);
      waiting.abort();
      await Promise.all(threads.map((thread) => thread.kill()));
    },
  };
};

/** One place for a worker thread; a thread that exits is followed by another. */
class Thread {
  readonly index: number;
  /** Why no worker runs here any more, if so. */
  broken: string | undefined;
  readonly #settings: WorkerSettings;
  readonly #chains: Chains;
  readonly #stopping: () => boolean;
  #failedStarts = 0;
  #worker: Worker;
  /** Resolves when the present worker has exited. */
  #exit: Promise<void> = Promise.resolve();

  constructor(index: number, settings: WorkerSettings, chains: Chains, stopping: () => boolean) {
    this.index = index;
    this.#settings = settings;
    this.#chains = chains;
    this.#stopping = stopping;
    this.#worker = this.#start();
  }

  run(message: RunJob): void {
    const ports: Transferable[] = [message.input, message.output].filter((port) => port !== undefined);
    this.#worker.postMessage(message, ports);
  }

  /**
   * Asks the thread to end itself. `terminate()` would interrupt onnxruntime inside its native code, which then aborts
   * the whole process (an uncaught Napi::Error); so that is left for a thread that does not answer.
   */
  async kill(): Promise<void> {
    const worker = this.#worker;
    worker.postMessage({ kind: 'exit' } satisfies HostMessage);
    const waiting = new AbortController();
    const late = delay(EXIT_MS, true, { signal: waiting.signal }).catch(() => false);
    if (await Promise.race([this.#exit.then(() => false), late])) await worker.terminate();
    waiting.abort();
  }

  #start(): Worker {
    const workerData: WorkerSettings = { ...this.#settings, name: `${this.#settings.name}/${this.index}` };
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData });
    let ready = false;
    let reason: string | undefined;
    worker.on('message', (report: WorkerReport) => {
      if (report.kind === 'ready') {
        ready = true;
        this.#failedStarts = 0;
      } else {
        this.#read(report);
      }
    });
    worker.on('error', (error: unknown) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    this.#exit = new Promise((resolve) => {
      worker.on('exit', (code) => {
        this.#exited(ready, reason ?? `it exited with code ${code}`);
        resolve();
      });
    });
    return worker;
  }

  #read(report: Exclude<WorkerReport, { kind: 'ready' }>): void {
    if (report.kind === 'error') this.#chains.lost(report.id, `${report.code}: ${report.reason}`);
    else this.#chains[report.kind](report.id);
  }

  #exited(ready: boolean, reason: string): void {
    this.#failedStarts += ready ? 0 : 1;
    if (this.#failedStarts >= MAX_FAILED_STARTS) this.broken = reason;
    // The next worker stands before the loss is told, so that whoever hears of it can start the job again at once.
    else if (!this.#stopping()) this.#worker = this.#start();
    this.#chains.workerDied(this.index, `worker ${this.index} died: ${reason}`);
  }
}
