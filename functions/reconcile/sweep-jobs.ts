import { STAGE_LEASES, StageState, stageKey } from '../../shared/messages/stage-job.ts';
import { PLACEMENTS, PlacementRow } from '../../shared/rows/placement.ts';
import { forget, redo } from '../../shared/rows/report-lost.ts';
import { type ReconcileDeps, SWEEP_LIMIT } from './deps.ts';

/**
 * Workers whose lease ran out, and placements that no worker took up: their run is placed again under the next epoch, unless it has
 * ended. @returns how many were placed again
 */
export const sweepJobs = async ({ store, clock }: Pick<ReconcileDeps, 'store' | 'clock'>): Promise<number> => {
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
