import type { StartJobMessage } from '../../shared/messages/advance.ts';
import { type RunRef, runId } from '../../shared/messages/ids.ts';
import { STAGE_LEASES, StageState, stageKey } from '../../shared/messages/stage-job.ts';
import { outboxWrite } from '../../shared/outbox.ts';
import type { Row, Store, Write } from '../../shared/ports/store.ts';
import { ConditionFailedError } from '../../shared/ports/store-errors.ts';
import { TERMINAL } from '../../shared/protocol/lifecycle.ts';
import { PLACEMENTS, PlacementRow } from '../../shared/rows/placement.ts';
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
    const first = jobs[0];
    if (!first) continue;
    const taken = await store.get(stageKey(run, first.stage));
    const claimed = taken && StageState.parse(taken.body).job.epoch >= epoch;
    if (claimed) await forget(store, row);
    else lost += await redo(store, row, run, { stage: first.stage, epoch }, nowMs);
  }
  return lost;
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
