import { z } from 'zod';
import {
  BlobsEnv,
  ChainEnv,
  CommonEnv,
  envTypes,
  NodesEnv,
  OutgoingEnv,
  queuesEnv,
  StoreEnv,
} from '../../shared/env.ts';

export const StartJobEnv = z.object({
  ...CommonEnv,
  ...StoreEnv,
  ...BlobsEnv,
  ...ChainEnv,
  ...NodesEnv,
  ...OutgoingEnv,
  ...queuesEnv('start-job', 'stage-jobs'),
  /** What a block takes on this chain: turns blocks that are left into time. */
  BLOCK_MS: envTypes.whole,
  /** AWS Batch: name of the job queue and of the job definition. */
  BATCH_QUEUE: envTypes.text,
  BATCH_JOB_DEFINITION: envTypes.text,
  /** Models whose jobs go to the queue and the definition of the same names with `-gpu` at their end. */
  GPU_MODELS: envTypes.list.optional(),
  /** Most workers that run at once, lest a job waits behind workers that stay. */
  BATCH_MAX_WORKERS: envTypes.whole,
  /** Most Batch jobs of one UTC day (the budget). */
  BATCH_JOBS_PER_DAY: envTypes.whole,
});
