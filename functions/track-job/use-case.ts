import type { Logger } from '../../shared/log.ts';
import type { Metrics } from '../../shared/metrics.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import { jobStateOf } from '../../shared/ports/job-watch.ts';
import type { Store } from '../../shared/ports/store.ts';
import { again, applyJobState } from '../../shared/rows/apply-job-state.ts';
import { BatchJobRow, batchJobKey, newBatchJob, splitJobId } from '../../shared/rows/batch-job.ts';
import { BatchEvent, BLOCKED, placementOf, queueNameOf } from './event.ts';

export interface TrackJobDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Names of this deployment's Batch queues: what happens on others is not ours. */
  readonly jobQueues: readonly string[];
}

export type Tracked = 'ignored' | 'tracked' | 'placed-again';

/**
 * One event about a Batch job. It may come twice, late, or before an earlier one, and may be the first word of its job: the row is made
 * then from what the job itself was told.
 */
export const trackJob = async (deps: TrackJobDeps, event: unknown): Promise<Tracked> => {
  const { store, clock, metrics, log, jobQueues } = deps;
  const parsed = BatchEvent.safeParse(event);
  if (!parsed.success) {
    const fields = parsed.error.issues.map(({ path }) => path.join('.'));
    log.warn('an event of batch that nobody here can read', { fields });
    return 'ignored';
  }
  if (!jobQueues.includes(queueNameOf(parsed.data))) return 'ignored';
  const seen = jobStateOf(parsed.data.detail);
  if (parsed.data['detail-type'] === BLOCKED) metrics.count('QueueBlocked', 1);
  const { jobId } = splitJobId(seen.id);
  const lost = await again(async () => {
    const row = await store.get(batchJobKey(jobId));
    const placement = row ? undefined : placementOf(parsed.data);
    const { createdAt, arrayProperties } = parsed.data.detail;
    const body = row
      ? BatchJobRow.parse(row.body)
      : placement && newBatchJob(placement, jobId, arrayProperties?.size ?? 0, createdAt ?? clock.nowMs());
    return body && (await applyJobState(deps, { body, row }, seen));
  });
  if (lost === undefined) {
    log.warn('a batch job that this deployment did not submit', { jobId: seen.id, status: seen.status });
    return 'ignored';
  }
  if (lost > 0) log.warn('a batch job was lost', { jobId: seen.id, status: seen.status, reason: seen.reason });
  return lost > 0 ? 'placed-again' : 'tracked';
};
