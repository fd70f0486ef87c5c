import { z } from 'zod';
import { BlobsEnv, CommonEnv, envTypes, NodeKeysEnv, queuesEnv, StoreEnv } from '../../shared/env.ts';

/** From SIGTERM until a worker ends by itself: Spot gives two minutes. What is not done then is left to its lease. */
export const STOP_MS = 110_000;

/** A worker's container: what its job definition sets. What to run comes from the message or from the job's own variables. */
export const WorkerEnv = z.object({
  ...CommonEnv,
  ...StoreEnv,
  ...BlobsEnv,
  ...NodeKeysEnv,
  ...queuesEnv('stage-jobs'),
  /** How long a claim of a stage holds; longer than any single run of a graph. */
  LEASE_MS: envTypes.whole,
  /** How long a worker that has nothing to do stays and takes warm jobs before it ends. */
  LINGER_MS: envTypes.whole,
  /** After this long it takes nothing new, so that it ends before its job's time-out. */
  LIFE_MS: envTypes.whole,
});
