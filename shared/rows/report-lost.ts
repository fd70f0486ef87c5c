import type { StartJobMessage } from '../messages/advance.ts';
import { type RunRef, runId } from '../messages/ids.ts';
import { type StageJob, StageState, stageKey } from '../messages/stage-job.ts';
import { outboxWrite } from '../outbox.ts';
import type { Clock } from '../ports/clock.ts';
import type { Row, Store, Write } from '../ports/store.ts';
import { ConditionFailedError } from '../ports/store-errors.ts';
import { TERMINAL } from '../protocol/lifecycle.ts';
import { PlacementRow, placementKey } from './placement.ts';
import { RunRow, runKey } from './run.ts';

type Lost = NonNullable<StartJobMessage['lost']>;

/**
 * A host saw the worker of this job die, and nobody goes on with the run: it is placed again at once, without waiting for the lease to
 * run out.
 * @param delayMs before it is placed again, for a cause that may last
 * @returns 1 when it was placed again, 0 when the stage or the run has ended or is in other hands
 */
export const reportLost = async (
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  job: StageJob,
  delayMs = 0,
): Promise<number> => {
  const lost = { stage: job.stage, epoch: job.epoch };
  const row = await store.get(stageKey(job.run, job.stage));
  const stage = row && StageState.parse(row.body);
  if (row && stage && stage.job.epoch >= job.epoch) {
    if (stage.job.epoch > job.epoch || stage.state === 'failed') return 0;
    if (stage.state === 'claimed') return await redo(store, row, job.run, lost, clock.nowMs(), delayMs);
    // It died after its last write, before it handed over: what is lost is the stage after it.
    const next: StageJob = { ...job, stage: job.stage + 1 };
    return next.stage < job.stages ? await reportLost({ store, clock }, next, delayMs) : 0;
  }
  const placement = await store.get(placementKey(job.run));
  if (!placement || PlacementRow.parse(placement.body).epoch !== job.epoch) return 0;
  return await redo(store, placement, job.run, lost, clock.nowMs(), delayMs);
};

/**
 * Places a run again under the next epoch, unless it has ended. The row leaves its due list in the same transaction: a worker that writes
 * it meanwhile wins, and is not dead. @returns how many runs were placed again
 */
export const redo = async (
  store: Store,
  row: Row,
  run: RunRef,
  lost: Lost,
  nowMs: number,
  delayMs = 0,
): Promise<number> => {
  const stored = await store.get(runKey(run));
  const state = stored && RunRow.parse(stored.body);
  if (!state || TERMINAL.has(state.state)) return await forget(store, row);
  const { queryHash, model, inputHash } = state;
  const message: StartJobMessage = { run, queryHash, model, input: inputHash, lost };
  const id = `${runId(run)}/lost/${lost.stage}/${lost.epoch}`;
  const outgoing = { id, group: run.node, body: JSON.stringify(message), ...(delayMs > 0 && { delayMs }) };
  return (await clearDue(store, row, [outboxWrite('start-job', outgoing, nowMs)])) ? 1 : 0;
};

/** The row is not due any more. */
export const forget = async (store: Store, row: Row): Promise<0> => {
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
