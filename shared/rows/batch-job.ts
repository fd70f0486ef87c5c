import { z } from 'zod';
import { StageJobsMessage } from '../messages/stage-job.ts';
import type { JobState } from '../ports/job-watch.ts';
import type { Key } from '../ports/store.ts';

const Part = z.strictObject({
  status: z.string(),
  /** Attempts that have ended. */
  attempts: z.int().nonnegative(),
  reason: z.string().optional(),
  exitCode: z.int().optional(),
  /** When this status was first heard of. */
  sinceMs: z.number(),
});
export type JobPart = z.infer<typeof Part>;

/**
 * What is known of one job of AWS Batch: of the job itself and, if it is an array, of its children. Moves forwards only, however its
 * events come. Written by start-job when it submits, by track-job from events, and by reconcile from Batch's own answers.
 */
export const BatchJobRow = z.strictObject({
  jobId: z.string().min(1),
  placement: StageJobsMessage,
  /** Children of an array job; 0 for a plain one. */
  size: z.int().nonnegative(),
  submittedMs: z.number(),
  job: Part,
  /** By array index. */
  children: z.record(z.string(), Part),
});
export type BatchJobRow = z.infer<typeof BatchJobRow>;

export const batchJobKey = (jobId: string): Key => ({ pk: `batch-job/${jobId}`, sk: 'job' });

/** Due list of jobs that have not ended, by the time (ms) at which Batch itself is asked about them. */
export const OPEN_BATCH_JOBS = 'batch-job';
/** Events come within seconds; who waits longer is asked about. */
export const ASK_AGAIN_MS = 120_000;

export const newBatchJob = (placement: StageJobsMessage, jobId: string, size: number, nowMs: number): BatchJobRow => ({
  jobId,
  placement,
  size,
  submittedMs: nowMs,
  job: { status: 'SUBMITTED', attempts: 0, sinceMs: nowMs },
  children: {},
});

/** `base:3` is child 3 of array job `base`. */
export const splitJobId = (id: string): { readonly jobId: string; readonly index: number | undefined } => {
  const [jobId = id, index] = id.split(':');
  return { jobId, index: index === undefined ? undefined : Number(index) };
};

const RANK: Readonly<Record<string, number>> = {
  SUBMITTED: 0,
  PENDING: 1,
  RUNNABLE: 2,
  STARTING: 3,
  RUNNING: 4,
  SUCCEEDED: 9,
  FAILED: 9,
};

export const isOver = ({ status }: Pick<JobPart, 'status'>): boolean => (RANK[status] ?? 0) === 9;

const place = ({ attempts, status }: Pick<JobPart, 'attempts' | 'status'>): number =>
  isOver({ status }) ? Number.POSITIVE_INFINITY : 10 * attempts + (RANK[status] ?? 0);

const forward = (before: JobPart | undefined, seen: JobState, nowMs: number): JobPart | undefined => {
  const { status, attempts, reason, exitCode } = seen;
  const more = { ...(reason !== undefined && { reason }), ...(exitCode !== undefined && { exitCode }) };
  const now: JobPart = { status, attempts, ...more, sinceMs: nowMs };
  if (!before || place(now) > place(before)) return now;
  // Why it is stuck is told later than that it waits, in the same status.
  const news = place(now) === place(before) && !isOver(before) && reason !== undefined && reason !== before.reason;
  return news ? { ...before, reason } : undefined;
};

/** @returns the row with what was seen, or undefined when it knows that, or more, already */
export const moveForward = (row: BatchJobRow, seen: JobState, nowMs: number): BatchJobRow | undefined => {
  const { index } = splitJobId(seen.id);
  const part = forward(index === undefined ? row.job : row.children[index], seen, nowMs);
  if (!part) return undefined;
  return index === undefined ? { ...row, job: part } : { ...row, children: { ...row.children, [index]: part } };
};

/** What is told first of a job's parts: the child that has not ended, else the job itself. */
export const tellingPart = (row: BatchJobRow): JobPart => {
  if (isOver(row.job)) return row.job;
  const open = Object.entries(row.children)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, part]) => part)
    .find((part) => !isOver(part));
  return open ?? row.job;
};

/** Names a worker of a job in stage rows; of an array job each child is one. */
export const batchWorker = (id: string, attempt: number): string => `batch/${id}/${attempt}`;

/** Whether this worker belongs to the job, or to a child of it. */
export const isWorkOf = (worker: string, id: string): boolean =>
  worker.startsWith(`batch/${id}/`) || worker.startsWith(`batch/${id}:`);
