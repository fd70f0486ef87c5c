import { setTimeout as delay } from 'node:timers/promises';
import { systemRandom } from '../../shared/adapters/system/clock.ts';
import { type StageJob, stageJobId } from '../../shared/messages/stage-job.ts';
import type { JobHost, JobStart } from '../../shared/ports/job-host.ts';
import { toHex } from '../../shared/protocol/encoding.ts';
import { type Assignment, type Moved, openAssignments } from './assignments.ts';
import { Chains, type LostJob } from './chains.ts';
import { processWorkers } from './process-workers.ts';
import { type LiveWorker, Slot, type WorkerKind } from './slot.ts';
import { withSpare } from './spare.ts';
import { threadWorkers } from './thread-workers.ts';
import type { StageDone, WorkerReport, WorkerSettings } from './worker-messages.ts';

export type { Assignment, Moved } from './assignments.ts';
export type { LostJob } from './chains.ts';

/** Workers on threads of this process, or each in a process of its own: what a crash of one takes with it. */
export const ISOLATIONS = ['threads', 'processes'] as const;
export type Isolation = (typeof ISOLATIONS)[number];

export interface WorkerHostOptions {
  readonly settings: WorkerSettings;
  readonly isolation: Isolation;
  /** Each runs one stage at a time. Default 2. */
  readonly workers?: number;
  /** Where stages are until measured times show a better place. Default {@link workerOf}. */
  readonly assignment?: Assignment;
  /** Most runs waiting or running; more are refused. Default 32. */
  readonly maxRuns?: number;
  /** A worker died with this job, or could neither finish nor fail it: to be started again in the next epoch. */
  readonly onLost: (lost: LostJob) => void;
  /** Stages run on other workers from now on; runs in flight stay where they are. */
  readonly onMoved?: (moved: Moved) => void;
}

export interface WorkerHost extends JobHost {
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

/**
 * Which worker runs a stage at first: the same one in every run, so that its graph stays loaded there; neighbours share a worker
 * where there are fewer workers than stages, the later ones first, since the first stage also decodes the input.
 */
export const workerOf = (stage: number, stages: number, workers: number): number =>
  Math.max(0, Math.min(workers, stages) - 1 - Math.floor(((stages - 1 - stage) * Math.min(workers, stages)) / stages));

const inOrder =
  (workers: number): Assignment =>
  (stages) =>
    Array.from({ length: stages }, (_, stage) => workerOf(stage, stages, workers));

/** Job host of one node on this machine: stages on workers, activations handed over from worker to worker. */
export const startWorkerHost = (options: WorkerHostOptions): WorkerHost =>
  options.isolation === 'threads'
    ? hostOn(threadWorkers, options)
    : hostOn(withSpare(processWorkers({ token: toHex(systemRandom.bytes(32)) })), options);

const hostOn = <W extends LiveWorker>(kind: WorkerKind<W>, options: WorkerHostOptions): WorkerHost => {
  const { settings, workers: count = 2, maxRuns = 32, assignment: initial = inOrder(count), onLost, onMoved } = options;
  const assignments = openAssignments({ workers: count, initial, bytesPerMs: kind.bytesPerMs });
  const drained = Promise.withResolvers<void>();
  let stopping = false;
  const chains = new Chains(onLost, () => {
    if (stopping) drained.resolve();
  });
  const learn = (worker: number, { id, computeMs, outputBytes }: StageDone): void => {
    const job = chains.job(id);
    if (!job || computeMs === undefined) return;
    const { model, stages, stage } = job;
    const moved = assignments.observe({ model, stages, stage, worker, computeMs, outputBytes });
    if (moved) onMoved?.(moved);
  };
  const read = (worker: number, report: WorkerReport): void => {
    if (report.kind === 'done') learn(worker, report);
    if (report.kind === 'error') chains.lost(report.id, `${report.code}: ${report.reason}`);
    else if (report.kind !== 'ready') chains[report.kind](report.id);
  };
  const slots = Array.from(
    { length: count },
    (_, index) =>
      new Slot({
        index,
        kind,
        settings,
        onReport: (report) => read(index, report),
        onDied: (reason) => {
          links.forget(index);
          assignments.forget(index);
          chains.workerDied(index, reason);
        },
        stopping: () => stopping,
      }),
  );
  const links = linkBook((name, from, to) => {
    const [sender, receiver] = [slots[from], slots[to]];
    if (sender && receiver) kind.link(name, sender.worker, receiver.worker);
  });

  const refusal = (jobs: readonly StageJob[]): string | undefined => {
    if (stopping) return 'the host is stopping';
    if (jobs.some((job, i) => (i === 0) === (job.input.from === 'previous'))) {
      return 'jobs started together are consecutive: the first reads a blob, the others what the one before hands over';
    }
    if (chains.size >= maxRuns) return `${maxRuns} runs are waiting or running, the most that this host takes`;
    return slots.find((slot) => slot.broken !== undefined)?.broken;
  };

  const place = (jobs: readonly StageJob[]): void => {
    const workers = assignments.of(jobs[0]?.model ?? '', jobs[0]?.stages ?? 0);
    const places = jobs.map((job) => ({ id: stageJobId(job), worker: workers[job.stage] ?? 0 }));
    const between = places.slice(1).map(({ worker }, i) => links.between(places[i]?.worker ?? 0, worker));
    chains.add(jobs, places);
    for (const [i, job] of jobs.entries()) {
      const { id, worker } = places[i] as (typeof places)[number];
      const [input, output] = [between[i - 1], between[i]];
      slots[worker]?.run({ kind: 'run', id, job, ...(input && { input }), ...(output && { output }) });
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
      await slots[worker]?.worker.kill();
    },
    stop: async (graceMs) => {
      stopping = true;
      const closed = kind.close?.();
      if (chains.size === 0) drained.resolve();
      const waiting = new AbortController();
      await Promise.race([drained.promise, delay(graceMs, undefined, { signal: waiting.signal }).catch(() => {})]);
      waiting.abort();
      await Promise.all([closed, ...slots.map(({ worker }) => worker.kill())]);
    },
  };
};

/** Links by their ends, opened when first used. A worker's successor gets new ones, of new names. */
const linkBook = (open: (name: string, from: number, to: number) => void) => {
  const links = new Map<string, { readonly name: string; readonly ends: readonly number[] }>();
  let opened = 0;
  return {
    between: (from: number, to: number): string => {
      const key = `${from}>${to}`;
      const known = links.get(key);
      if (known) return known.name;
      const name = `${key}#${opened++}`;
      links.set(key, { name, ends: [from, to] });
      open(name, from, to);
      return name;
    },
    forget: (worker: number): void => {
      for (const [key, { ends }] of links) if (ends.includes(worker)) links.delete(key);
    },
  };
};
