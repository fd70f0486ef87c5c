import type { JobState } from '../../shared/ports/job-watch.ts';
import type { Row } from '../../shared/ports/store.ts';
import { ConditionFailedError } from '../../shared/ports/store-errors.ts';
import { applyJobState } from '../../shared/rows/apply-job-state.ts';
import {
  ASK_AGAIN_MS,
  BatchJobRow,
  batchJobKey,
  isOver,
  OPEN_BATCH_JOBS,
  tellingPart,
} from '../../shared/rows/batch-job.ts';
import { PRESENCE_PREFIX, PresenceRow, WORKERS } from '../../shared/rows/workers.ts';
import type { ReconcileDeps } from './deps.ts';

/** Jobs that are open at once and looked at; more wait for the next minute. */
const MAX_JOBS = 200;
/** A worker that has said nothing for so long after its time will not come back. */
const FORGET_MS = 600_000;

type BatchDeps = Pick<ReconcileDeps, 'store' | 'clock' | 'watch' | 'metrics'>;

/**
 * Asks Batch about jobs whose events are overdue or lost, and takes the same step as an event would. A job that Batch no longer knows
 * has failed. @returns how many runs were placed again
 */
export const sweepBatch = async (deps: BatchDeps): Promise<number> => {
  const { store, clock, watch, metrics } = deps;
  if (!watch) return 0;
  const nowMs = clock.nowMs();
  const open = await store.due(OPEN_BATCH_JOBS, Number.MAX_SAFE_INTEGER, MAX_JOBS);
  metrics?.gauge('RunnableAgeSeconds', runnableAgeMs(open, nowMs) / 1000);
  const overdue = open.filter(({ due }) => due !== undefined && due.at <= nowMs);
  const states = overdue.length > 0 ? await watch.describe(overdue.flatMap(({ body }) => idsOf(read(body)))) : [];
  let lost = 0;
  for (const row of overdue) lost += await repair(deps, row, states);
  await forgetWorkers(deps, nowMs);
  return lost;
};

const read = (body: unknown): BatchJobRow => BatchJobRow.parse(body);

/** The job, and of an array the children that have not ended. */
const idsOf = ({ jobId, size, children }: BatchJobRow): string[] => [
  jobId,
  ...Array.from({ length: size }, (_, index) => index)
    .filter((index) => !children[index] || !isOver(children[index]))
    .map((index) => `${jobId}:${index}`),
];

const runnableAgeMs = (open: readonly Row[], nowMs: number): number =>
  open
    .map(({ body }) => tellingPart(read(body)))
    .filter(({ status }) => status === 'RUNNABLE')
    .reduce((oldest, { sinceMs }) => Math.max(oldest, nowMs - sinceMs), 0);

const repair = async (deps: BatchDeps, row: Row, states: readonly JobState[]): Promise<number> => {
  const ids = idsOf(read(row.body));
  const seen = states.filter(({ id }) => ids.includes(id));
  const [jobId = ''] = ids;
  if (!seen.some(({ id }) => id === jobId)) {
    seen.push({ id: jobId, status: 'FAILED', attempts: 0, reason: 'AWS Batch does not know the job any more' });
  }
  try {
    let lost = 0;
    for (const state of seen) {
      const current = await deps.store.get(batchJobKey(jobId));
      if (!current) return lost;
      lost += await applyJobState(deps, { body: read(current.body), row: current }, state);
    }
    await askLater(deps, jobId);
    return lost;
  } catch (error) {
    // An event came at the same moment and has done as much.
    if (error instanceof ConditionFailedError) return 0;
    throw error;
  }
};

/** Nothing was new: the row must not stay due. */
const askLater = async ({ store, clock }: BatchDeps, jobId: string): Promise<void> => {
  const row = await store.get(batchJobKey(jobId));
  const nowMs = clock.nowMs();
  if (!row?.due || row.due.at > nowMs) return;
  const due = { list: OPEN_BATCH_JOBS, at: nowMs + ASK_AGAIN_MS };
  await store.transact([
    { kind: 'put', key: batchJobKey(jobId), body: row.body, due, expect: { version: row.version } },
  ]);
};

/** Rows of workers that were killed: whoever ends in order deletes its own. */
const forgetWorkers = async ({ store }: BatchDeps, nowMs: number): Promise<void> => {
  for (const { pk, sk, body, version } of await store.list(WORKERS, { prefix: PRESENCE_PREFIX, limit: MAX_JOBS })) {
    if (PresenceRow.parse(body).expiresMs + FORGET_MS > nowMs) continue;
    try {
      await store.transact([{ kind: 'delete', key: { pk, sk }, expect: { version } }]);
    } catch (error) {
      if (!(error instanceof ConditionFailedError)) throw error;
    }
  }
};
