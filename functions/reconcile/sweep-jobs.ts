import type { StartJobMessage } from '../../shared/messages/advance.ts';
import { type RunRef, runId } from '../../shared/messages/ids.ts';
import { STAGE_LEASES, type StageJob, StageState, stageKey } from '../../shared/messages/stage-job.ts';
import { outboxWrite } from '../../shared/outbox.ts';
import type { Row, Store, Write } from '../../shared/ports/store.ts';
import { ConditionFailedError } from '../../shared/ports/store-errors.ts';
import { TERMINAL } from '../../shared/protocol/lifecycle.ts';
import { PLACEMENTS, PlacementRow, placementKey } from '../../shared/rows/placement.ts';
import { RunRow, runKey } from '../../shared/rows/run.ts';
import { type ReconcileDeps, SWEEP_LIMIT } from './deps.ts';

/**
 * Workers whose lease ran out, and placements that no worker took up: their run is placed again under the next epoch, unless it has
 * ended. @returns how many were placed again
 */
export const sweepJobs = async ({ store, clock }: ReconcileDeps): Promise<number> => {
  const nowMs = clock.nowMs();
  let lost = 0;
  for (const row of await store.due(STAGE_LEASES, nowMs, SWEEP_LIMIT)) {
    const stage = StageState.parse(row.body);
    lost += await redo(store, row, stage.job.run, { stage: stage.job.stage, epoch: stage.job.epoch }, nowMs);
  }
  for (const row of await store.due(PLACEMENTS, nowMs, SWEEP_LIMIT)) {
    const { run, epoch, jobs } = PlacementRow.parse(row.body);
    const stage = jobs[0]?.stage ?? 0;
    const taken = await store.get(stageKey(run, stage));
    const claimed = taken && StageState.parse(taken.body).job.epoch >= epoch;
    if (claimed) await forget(store, row);
    else lost += await redo(store, row, run, { stage, epoch }, nowMs);
  }
  return lost;
};

/**
 * A host saw the worker of this job die: its run is placed again at once, without waiting for the lease to run out.
 * @returns 1 when it was placed again, 0 when the stage or the run has ended or is in other hands
 */
export const reportLost = async (
  { store, clock }: Pick<ReconcileDeps, 'store' | 'clock'>,
  job: StageJob,
): Promise<number> => {
  const lost = { stage: job.stage, epoch: job.epoch };
  const row = await store.get(stageKey(job.run, job.stage));
  const stage = row && StageState.parse(row.body);
  if (row && stage && stage.job.epoch >= job.epoch) {
    const held = stage.state === 'claimed' && stage.job.epoch === job.epoch;
    return held ? await redo(store, row, job.run, lost, clock.nowMs()) : 0;
  }
  const placement = await store.get(placementKey(job.run));
  if (!placement || PlacementRow.parse(placement.body).epoch !== job.epoch) return 0;
  return await redo(store, placement, job.run, lost, clock.nowMs());
};

type Lost = NonNullable<StartJobMessage['lost']>;

/** The row leaves its due list in the same transaction: a worker that writes it meanwhile wins, and is not dead. */
const redo = async (store: Store, row: Row, run: RunRef, lost: Lost, nowMs: number): Promise<number> => {
  const stored = await store.get(runKey(run));
  const state = stored && RunRow.parse(stored.body);
  if (!state || TERMINAL.has(state.state)) return await forget(store, row);
  const { queryHash, model, inputHash } = state;
  const message: StartJobMessage = { run, queryHash, model, input: inputHash, lost };
  const id = `${runId(run)}/lost/${lost.stage}/${lost.epoch}`;
  const wake = outboxWrite('start-job', { id, group: run.node, body: JSON.stringify(message) }, nowMs);
  return (await clearDue(store, row, [wake])) ? 1 : 0;
};

const forget = async (store: Store, row: Row): Promise<0> => {
  await clearDue(store, row, []);
  return 0;
};

const clearDue = async (store: Store, row: Row, also: readonly Write[]): Promise<boolean> => {
  const { pk, sk, body, version } = row;
  try {
    await store.transact([{ kind: 'put', key: { pk, sk }, body, expect: { version } }, ...also]);
    return true;
  } catch (error) {
    if (error instanceof ConditionFailedError) return false;
    throw error;
  }
};
