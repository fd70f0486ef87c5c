import { z } from 'zod';
import { RunRef } from '../messages/ids.ts';
import { StageJob, stageKey } from '../messages/stage-job.ts';
import { WORKER_KINDS } from '../planning/choose-workers.ts';
import type { Key } from '../ports/store.ts';

/** Where a run's stages were last sent: kept before any worker hears of it, so a crash in between is repaired. */
export const PlacementRow = z.strictObject({
  run: RunRef,
  epoch: z.int().positive(),
  /** None while it waits for something. */
  jobs: z.array(StageJob),
  /** Why its workers could not start, in words for `quorate why`. */
  waitingFor: z.string().optional(),
  /** Which workers, and why those. One epoch is never sent to two kinds. */
  on: z.enum(WORKER_KINDS).optional(),
  because: z.string().optional(),
  placedMs: z.number().optional(),
  /** Id of the Batch job that runs it. */
  jobId: z.string().optional(),
});
export type PlacementRow = z.infer<typeof PlacementRow>;

export const placementKey = (run: RunRef): Key => ({ pk: stageKey(run, 0).pk, sk: 'placement' });

/** Due list of placements by the time (ms) by which their first stage must be claimed. */
export const PLACEMENTS = 'placement';
