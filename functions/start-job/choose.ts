import type { StartJobMessage } from '../../shared/messages/advance.ts';
import type { RunRef } from '../../shared/messages/ids.ts';
import { StageState, stageKey } from '../../shared/messages/stage-job.ts';
import { chooseWorkers, type WorkerKind } from '../../shared/planning/choose-workers.ts';
import type { Write } from '../../shared/ports/store.ts';
import { BatchJobRow, OPEN_BATCH_JOBS } from '../../shared/rows/batch-job.ts';
import type { PlacementRow } from '../../shared/rows/placement.ts';
import { BudgetRow, budgetKey, readWorkers, WORKERS, type WorkersNow } from '../../shared/rows/workers.ts';
import { utcDay } from '../../shared/utc-day.ts';
import type { StartJobDeps } from './deps.ts';

export type Chosen =
  | {
      readonly on: WorkerKind;
      readonly because?: string;
      readonly withinMs: number;
      /** To stand in the transaction of the placement: what it takes of the day's budget. */
      readonly writes: readonly Write[];
    }
  | { readonly on: undefined; readonly waitingFor: string; readonly withinMs: number };

/** Workers looked at; more would be alive than a deployment ever has. */
const MAX_ROWS = 500;
const MAX_OPEN_JOBS = 200;

/** Which workers a run's remaining stages go to now, from what is known of them all. */
export const choose = async (
  deps: StartJobDeps,
  { run, model, lost }: StartJobMessage,
  stages: number,
  before: PlacementRow | undefined,
): Promise<Chosen> => {
  const places = deps.places.get(run.node);
  const withinMs = deps.claimWithinMs;
  if (!places) {
    return { on: undefined, waitingFor: `node ${run.node} has no workers in this deployment`, withinMs };
  }
  if (places.threads || !deps.batch) return { on: 'threads', withinMs, writes: [] };
  const terms = deps.batch;
  const nowMs = deps.clock.nowMs();
  const [rows, leftMs] = await Promise.all([
    deps.store.list(WORKERS, { limit: MAX_ROWS }),
    leftToCommit(deps, run, terms.blockMs),
  ]);
  const now = readWorkers(rows, nowMs);
  const needsGpu = terms.needsGpu(model);
  const budget = budgetOf(now, nowMs);
  const choice = chooseWorkers({
    times: now.times,
    leftMs,
    warm: now.warm,
    batch: {
      needs: stages,
      budgetLeft: terms.jobsPerDay - budget.jobs,
      ...(now.warm.free > 0 ? { starting: 0, startingForMs: 0 } : await starting(deps, nowMs)),
      maxWorkers: terms.maxWorkers,
    },
    needsGpu,
    unclaimed: before?.on === 'warm' && !(lost && (await wasClaimed(deps, run, lost))),
  });
  if (choice.on === undefined) return { on: undefined, waitingFor: choice.waitingFor, withinMs: choice.againMs };
  return {
    on: choice.on,
    because: choice.because,
    withinMs: choice.claimWithinMs,
    writes: choice.on === 'batch' ? [spend(now, budget, stages)] : [],
  };
};

const wasClaimed = async (
  { store }: StartJobDeps,
  run: RunRef,
  { stage, epoch }: NonNullable<StartJobMessage['lost']>,
): Promise<boolean> => {
  const row = await store.get(stageKey(run, stage));
  return row !== undefined && StageState.parse(row.body).job.epoch >= epoch;
};

/** Time until the commit window of this attempt closes; undefined when the contract does not say, 0 when it is over. */
const leftToCommit = async (
  { chain }: StartJobDeps,
  { queryId, attempt }: RunRef,
  blockMs: number,
): Promise<number | undefined> => {
  const [query, { height }] = await Promise.all([chain.query(queryId), chain.head()]);
  if (!query?.opening || query.attempt !== attempt) return undefined;
  return Math.max(0, query.opening.commitClose - height) * blockMs;
};

/** Batch jobs that are submitted and do not run yet. */
const starting = async ({ store }: StartJobDeps, nowMs: number) => {
  const rows = await store.due(OPEN_BATCH_JOBS, Number.MAX_SAFE_INTEGER, MAX_OPEN_JOBS);
  const since = rows
    .map(({ body }) => BatchJobRow.parse(body))
    .filter(({ job, children }) => [job, ...Object.values(children)].every(({ status }) => status !== 'RUNNING'))
    .map(({ submittedMs }) => submittedMs);
  return { starting: since.length, startingForMs: since.length === 0 ? 0 : nowMs - Math.min(...since) };
};

const budgetOf = ({ budget }: WorkersNow, nowMs: number): BudgetRow => {
  const day = utcDay(nowMs);
  const row = budget && BudgetRow.parse(budget.body);
  return row?.day === day ? row : { day, jobs: 0 };
};

const spend = ({ budget }: WorkersNow, { day, jobs }: BudgetRow, more: number): Write => ({
  kind: 'put',
  key: budgetKey,
  body: { day, jobs: jobs + more } satisfies BudgetRow,
  expect: budget ? { version: budget.version } : 'absent',
});
