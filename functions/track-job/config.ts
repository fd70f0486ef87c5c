import { z } from 'zod';
import { CommonEnv, envTypes, StoreEnv } from '../../shared/env.ts';

export const TrackJobEnv = z.object({
  ...CommonEnv,
  ...StoreEnv,
  /** Name of the job queue whose jobs are ours; with `-gpu` at its end too. */
  BATCH_QUEUE: envTypes.text,
});
