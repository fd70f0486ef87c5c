import { StageState, stageKey } from '../messages/stage-job.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobState } from '../ports/job-watch.ts';
import type { Row, Store } from '../ports/store.ts';
import { ConditionFailedError } from '../ports/store-errors.ts';
import {
  ASK_AGAIN_MS,
  type BatchJobRow,
  batchJobKey,
  isOver,
  isWorkOf,
  moveForward,
  OPEN_BATCH_JOBS,
  splitJobId,
} from './batch-job.ts';
import { PlacementRow, placementKey } from './placement.ts';
import { reportLost } from './report-lost.ts';

interface Deps {
  readonly store: Store;
  readonly clock: Clock;
}

/**
 * What is to be done about a job's state, from an event or from Batch's own answer: a job that has ended without its stage being done is
 * lost, and its run is placed again; then the job's row moves forwards. In this order, so that a crash in between is repaired by whoever
 * hears of it next. @returns how many runs were placed again
 */
export const applyJobState = async (
  deps: Deps,
  job: { readonly body: BatchJobRow; readonly row: Row | undefined },
  seen: JobState,
): Promise<number> => {
  const lost = isOver(seen) ? await endJob(deps, job.body, seen.id) : 0;
  const nowMs = deps.clock.nowMs();
  const moved = moveForward(job.body, seen, nowMs);
  if (!moved && job.row) return lost;
  const body = moved ?? job.body;
  const due = isOver(body.job) ? undefined : { list: OPEN_BATCH_JOBS, at: nowMs + ASK_AGAIN_MS };
  const expect = job.row ? { version: job.row.version } : ('absent' as const);
  await deps.store.transact([{ kind: 'put', key: batchJobKey(body.jobId), body, ...(due && { due }), expect }]);
  return lost;
};

/** The first stage of the placement that is not done is lost, if it was this job's to do. */
const endJob = async (deps: Deps, { placement }: BatchJobRow, id: string): Promise<number> => {
  const stored = await deps.store.get(placementKey(placement.run));
  const placed = stored && PlacementRow.parse(stored.body);
  if (placed?.epoch !== placement.epoch) return 0;
  const { index } = splitJobId(id);
  for (const [at, job] of placed.jobs.entries()) {
    const row = await deps.store.get(stageKey(job.run, job.stage));
    const state = row && StageState.parse(row.body);
    if (state?.state === 'done') continue;
    if (index !== undefined && index !== at) return 0;
    const others = state?.state === 'claimed' && state.job.epoch === job.epoch && !isWorkOf(state.worker, id);
    return others ? 0 : await reportLost(deps, job);
  }
  return 0;
};

/** A write between reading and writing was another's: read again. @throws {ConditionFailedError} after `tries` */
export const again = async <T>(act: () => Promise<T>, tries = 5): Promise<T> => {
  for (let left = tries; ; left--) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof ConditionFailedError) || left <= 1) throw error;
    }
  }
};
