import { BadInputError, QuorateError, TransientError } from '../../shared/errors.ts';
import type { StartJobMessage } from '../../shared/messages/advance.ts';
import { runId } from '../../shared/messages/ids.ts';
import type { JobStart, StartTerms } from '../../shared/ports/job-host.ts';
import type { Row, Write } from '../../shared/ports/store.ts';
import { ConditionFailedError } from '../../shared/ports/store-errors.ts';
import { ASK_AGAIN_MS, batchJobKey, newBatchJob, OPEN_BATCH_JOBS } from '../../shared/rows/batch-job.ts';
import { PLACEMENTS, PlacementRow, placementKey } from '../../shared/rows/placement.ts';
import { choose } from './choose.ts';
import type { StartJobDeps } from './deps.ts';
import { remainingJobs } from './remaining-jobs.ts';

/** Most placements of one run: first one, then one per lost worker (promise P7). */
const MAX_EPOCHS = 10;
/** Tries at the day's budget, which placements of many runs write. */
const BUDGET_TRIES = 5;

/**
 * Places the stages of a run that are not done on workers, from the first one missing. `lost` starts the next epoch; any other
 * repetition finds the placement and changes nothing. What cannot start yet (no input, no model, no worker) is kept with its reason and
 * placed again by the sweep, so that a hostile input uri or a full host fills no dead-letter queue.
 */
export const startJob = async (deps: StartJobDeps, message: StartJobMessage): Promise<void> => {
  const { run, lost } = message;
  const stored = await deps.store.get(placementKey(run));
  const placed = stored && PlacementRow.parse(stored.body);
  if (placed && (!lost || lost.epoch < placed.epoch)) {
    // The same placement again, on the same workers: the host knows which jobs it has.
    if (placed.jobs.length > 0) await handOver(deps, placed, stored, {});
    return;
  }
  const epoch = (placed?.epoch ?? 0) + 1;
  if (epoch > MAX_EPOCHS)
    throw new BadInputError('too-many-epochs', `run ${runId(run)} was placed ${MAX_EPOCHS} times`);
  const version = stored?.version ?? 0;
  const jobs = await remainingJobs(deps, message, epoch).catch(reasonOf);
  if (typeof jobs === 'string') {
    await keep(deps, { run, epoch, jobs: [], waitingFor: jobs }, within(deps, version, deps.claimWithinMs));
    return;
  }
  if (jobs.length === 0) return;
  for (let tries = 0; tries < BUDGET_TRIES; tries++) {
    const chosen = await choose(deps, message, jobs.length, placed);
    if (chosen.on === undefined) {
      const { waitingFor, withinMs } = chosen;
      await keep(deps, { run, epoch, jobs: [], waitingFor }, within(deps, version, withinMs));
      return;
    }
    const { on, because, withinMs, writes } = chosen;
    const row: PlacementRow = { run, epoch, jobs, on, placedMs: deps.clock.nowMs(), ...(because && { because }) };
    const at = within(deps, version, withinMs);
    const kept = await keep(deps, row, at, writes);
    if (kept === 'placed-by-another') return;
    if (kept === 'kept') return await handOver(deps, row, { ...at, version: version + 1 }, { first: true });
  }
  throw new TransientError('budget-crowded', `the day's budget was written by others ${BUDGET_TRIES} times`);
};

/** At which version a placement is written, and by when it must be claimed; not any more, if nothing is said. */
type At = Pick<Row, 'version' | 'due'>;

const within = ({ clock }: StartJobDeps, version: number, withinMs: number): At => ({
  version,
  due: { list: PLACEMENTS, at: clock.nowMs() + withinMs },
});

/** Why it cannot start; anything but a reason that may pass is thrown on. */
const reasonOf = (error: unknown): string => {
  if (error instanceof QuorateError && error.family !== 'invariant') return error.message;
  throw error;
};

/** Tells the workers, and keeps what they answer: why not, or the id of the job. */
const handOver = async (deps: StartJobDeps, row: PlacementRow, at: At, terms: StartTerms): Promise<void> => {
  const kind = row.on ?? 'threads';
  const host = deps.places.get(row.run.node)?.[kind];
  const reason = `node ${row.run.node} has no workers of kind ${kind} in this deployment`;
  const started: JobStart = host ? await host.start(row.jobs, terms) : { outcome: 'refused', reason };
  if (started.outcome === 'refused') {
    if (!terms.first) return;
    await keep(deps, { ...row, waitingFor: started.reason }, within(deps, at.version, deps.claimWithinMs));
  } else if (started.jobId !== undefined && row.jobId === undefined) {
    const { jobId } = started;
    const kept = await keep(deps, { ...row, jobId }, at, [openJob(deps, row, jobId)]);
    // An event has told of it before, and more than we know.
    if (kept === 'crowded') await keep(deps, { ...row, jobId }, at);
  }
};

const openJob = ({ clock }: StartJobDeps, { run, epoch, jobs }: PlacementRow, jobId: string): Write => {
  const nowMs = clock.nowMs();
  const body = newBatchJob({ run, epoch }, jobId, jobs.length > 1 ? jobs.length : 0, nowMs);
  const due = { list: OPEN_BATCH_JOBS, at: nowMs + ASK_AGAIN_MS };
  return { kind: 'put', key: batchJobKey(jobId), body, due, expect: 'absent' };
};

/** @returns whether it was written; what another wrote about the same run stands */
const keep = async (
  { store }: StartJobDeps,
  body: PlacementRow,
  { version, due }: At,
  more: readonly Write[] = [],
): Promise<'kept' | 'placed-by-another' | 'crowded'> => {
  const key = placementKey(body.run);
  const expect = version === 0 ? ('absent' as const) : { version };
  try {
    await store.transact([{ kind: 'put', key, body, ...(due && { due }), expect }, ...more]);
    return 'kept';
  } catch (error) {
    if (!(error instanceof ConditionFailedError)) throw error;
    return error.conflicts.some((conflict) => conflict.key.pk === key.pk) ? 'placed-by-another' : 'crowded';
  }
};
