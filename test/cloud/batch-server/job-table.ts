import { BadInputError } from '../../../shared/errors.ts';
import { Container, type Program } from './container.ts';
import { dependenciesOf, environmentOf, isOver, type Job } from './job.ts';
import type { JobStatus } from './requests.ts';
import { type AttemptEnd, isRetried } from './retry.ts';

export interface JobTableOptions {
  readonly program: Program;
  readonly maxVcpus: number;
  nowMs(): number;
  /** Called at each change of a job's state. */
  onChange(job: Job): void;
  /** A job at the head of its queue cannot start. */
  onBlocked(job: Job): void;
}

interface Running {
  readonly container: Container;
  /** Decides how the attempt ended, whatever the exit code says. */
  verdict: AttemptEnd | undefined;
}

/** Jobs of all queues and what runs of them. */
export class JobTable {
  /** Why nothing leaves RUNNABLE, in Batch's own words, if so. */
  #hold: string | undefined;
  #failingPulls = 0;
  readonly #jobs = new Map<string, Job>();
  readonly #running = new Map<Job, Running>();
  readonly #logs = new Map<string, string>();
  readonly #heldSinceMs = new Map<Job, number>();
  readonly #options: JobTableOptions;
  #closed = false;

  constructor(options: JobTableOptions) {
    this.#options = options;
  }

  get = (id: string): Job | undefined => {
    const [base = '', index] = id.split(':');
    const job = this.#jobs.get(base);
    return index === undefined ? job : job?.children[Number(index)];
  };

  /** Jobs and parents, newest first, as lists are sorted. */
  all(): Job[] {
    return [...this.#jobs.values()].reverse();
  }

  log(job: Job): string {
    return this.#running.get(job)?.container.log ?? this.#logs.get(job.id) ?? '';
  }

  add(job: Job): void {
    for (const { jobId } of job.request.dependsOn) {
      if (jobId !== undefined && !this.get(jobId)) {
        throw new BadInputError('unknown-job', `a job depends on ${jobId}, which does not exist`);
      }
    }
    this.#jobs.set(job.id, job);
    this.#pump();
  }

  hold(reason: string | undefined): void {
    this.#hold = reason;
    if (reason === undefined) this.#heldSinceMs.clear();
    this.#pump();
  }

  failPulls(count: number): void {
    this.#failingPulls += count;
  }

  /** What a Spot reclaim does: the host is gone and its containers with it. */
  reclaim(job: Job): void {
    const running = this.#running.get(job);
    if (!running) throw new BadInputError('not-running', `job ${job.id} is ${job.status}, not RUNNING`);
    running.verdict = { statusReason: `Host EC2 (instance i-${job.id.slice(0, 8)}) terminated.` };
    running.container.kill();
  }

  cancel(job: Job, reason: string): void {
    for (const each of [job, ...job.children]) {
      if (['SUBMITTED', 'PENDING', 'RUNNABLE'].includes(each.status)) each.endedBecause = reason;
    }
    this.#pump();
  }

  terminate(job: Job, reason: string): void {
    this.cancel(job, reason);
    for (const each of [job, ...job.children]) {
      if (isOver(each)) continue;
      each.endedBecause = reason;
      const running = this.#running.get(each);
      if (running) running.verdict ??= { statusReason: reason };
      running?.container.stop();
    }
  }

  /** As if held jobs had waited so long: what jobStateTimeLimitActions of their queue then does to them. */
  passRunnableTime(seconds: number): void {
    for (const [job, sinceMs] of this.#heldSinceMs) {
      const waitedSeconds = seconds + (this.#options.nowMs() - sinceMs) / 1_000;
      const limit = job.queue.jobStateTimeLimitActions.find(
        ({ reason, maxTimeSeconds }) => job.statusReason?.startsWith(reason) && waitedSeconds >= maxTimeSeconds,
      );
      if (limit) job.endedBecause = `Canceled by JobStateTimeLimit action due to reason: ${limit.reason}`;
    }
    this.#pump();
  }

  /** Kills what runs and starts nothing more. */
  async close(): Promise<void> {
    this.#closed = true;
    const running = [...this.#running.values()];
    for (const { container } of running) container.kill();
    await Promise.all(running.map(({ container }) => container.ended));
  }

  #move(job: Job, status: JobStatus, statusReason?: string): void {
    job.status = status;
    job.statusReason = statusReason;
    this.#heldSinceMs.delete(job);
    if (isOver(job)) job.stoppedAt = this.#options.nowMs();
    this.#options.onChange(job);
  }

  /** Moves every job as far as it can go; called after each change. */
  #pump(): void {
    if (this.#closed) return;
    for (const job of this.#jobs.values()) {
      for (const child of job.children) this.#promote(child);
      if (job.children.length === 0) this.#promote(job);
      else this.#followChildren(job);
    }
    if (this.#hold === undefined) this.#startWhatFits();
    else this.#block(this.#hold);
  }

  #promote(job: Job): void {
    if (!['SUBMITTED', 'PENDING', 'RUNNABLE'].includes(job.status)) return;
    if (job.endedBecause !== undefined) {
      this.#move(job, 'FAILED', job.endedBecause);
      return;
    }
    if (job.status === 'RUNNABLE') return;
    const before = dependenciesOf(job, this.get);
    if (before.some(({ status }) => status === 'FAILED')) this.#move(job, 'FAILED', 'Dependent Job failed');
    else if (before.every(({ status }) => status === 'SUCCEEDED')) this.#move(job, 'RUNNABLE');
    else if (job.status === 'SUBMITTED') this.#move(job, 'PENDING');
  }

  /** A parent is PENDING once a child may run, and ends with the last child. */
  #followChildren(parent: Job): void {
    if (isOver(parent)) return;
    const { children } = parent;
    if (children.every(isOver)) {
      const failed = children.some(({ status }) => status === 'FAILED');
      const reason = parent.endedBecause ?? 'Array Child Job failed';
      if (failed) this.#move(parent, 'FAILED', reason);
      else this.#move(parent, 'SUCCEEDED');
    } else if (parent.status === 'SUBMITTED' && children.some(({ status }) => status === 'RUNNABLE')) {
      this.#move(parent, 'PENDING');
    }
  }

  #runnable(): Job[] {
    return [...this.#jobs.values()]
      .flatMap((job) => (job.children.length > 0 ? job.children : [job]))
      .filter(({ status, queue }) => status === 'RUNNABLE' && queue.state === 'ENABLED');
  }

  #block(reason: string): void {
    const seen = new Set<string>();
    for (const job of this.#runnable()) {
      const isHead = !seen.has(job.queue.arn);
      seen.add(job.queue.arn);
      if (!isHead || job.statusReason === reason) continue;
      job.statusReason = reason;
      this.#heldSinceMs.set(job, this.#options.nowMs());
      this.#options.onBlocked(job);
    }
  }

  /** First come, first served: a job that does not fit holds up those behind it, as on a queue without fair share. */
  #startWhatFits(): void {
    for (const job of this.#runnable()) {
      const used = [...this.#running.keys()].reduce((sum, { vcpus }) => sum + vcpus, 0);
      if (used > 0 && used + job.vcpus > this.#options.maxVcpus) return;
      // A failed pull of one before has moved all jobs on already.
      if (job.status !== 'RUNNABLE') continue;
      this.#start(job);
    }
  }

  #start(job: Job): void {
    this.#move(job, 'STARTING');
    if (this.#failingPulls > 0) {
      this.#failingPulls -= 1;
      const { image } = job.definition.containerProperties;
      const reason = `CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref ${image}`;
      this.#attemptEnded(job, { statusReason: 'Task failed to start', reason }, undefined);
      return;
    }
    const { definition, request } = job;
    const command = request.containerOverrides?.command ?? definition.containerProperties.command;
    const environment = environmentOf(job, job.attempts.length + 1);
    const container = new Container(this.#options.program, command, environment);
    const running: Running = { container, verdict: undefined };
    this.#running.set(job, running);
    const startedAt = this.#options.nowMs();
    job.startedAt = startedAt;
    this.#move(job, 'RUNNING');
    const limit = job.timeoutSeconds === undefined ? undefined : this.#limit(job, running, job.timeoutSeconds);
    void container.ended.then(({ exitCode }) => {
      clearTimeout(limit);
      this.#logs.set(job.id, container.log);
      this.#running.delete(job);
      const success = { exitCode, statusReason: 'Essential container in task exited' };
      this.#attemptEnded(job, running.verdict ?? success, startedAt);
    });
  }

  #limit(job: Job, running: Running, seconds: number): NodeJS.Timeout {
    return setTimeout(() => {
      running.verdict = { statusReason: 'Job attempt duration exceeded timeout' };
      // An attempt that ran out of time is not retried (user guide, "job timeouts").
      job.endedBecause = running.verdict.statusReason;
      running.container.stop();
    }, seconds * 1_000);
  }

  #attemptEnded(job: Job, end: AttemptEnd, startedAt: number | undefined): void {
    const number = job.attempts.length + 1;
    const logStreamName = `batch-simulator/default/${job.id}-${number}`;
    job.attempts.push({
      ...end,
      ...(startedAt !== undefined && { startedAt }),
      stoppedAt: this.#options.nowMs(),
      logStreamName,
    });
    if (end.exitCode === 0 && job.endedBecause === undefined) this.#move(job, 'SUCCEEDED', end.statusReason);
    else if (job.endedBecause !== undefined) this.#move(job, 'FAILED', job.endedBecause);
    else if (isRetried(job.retry, number, end)) this.#move(job, 'RUNNABLE', end.statusReason);
    else this.#move(job, 'FAILED', end.statusReason);
    this.#pump();
  }
}
