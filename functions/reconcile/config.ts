import { z } from 'zod';
import { ChainEnv, CommonEnv, envTypes, queuesEnv, StoreEnv } from '../../shared/env.ts';
import { FUNCTION_QUEUES } from '../../shared/messages/queues.ts';

export const ReconcileEnv = z.object({
  ...CommonEnv,
  ...StoreEnv,
  ...ChainEnv,
  ...queuesEnv(...FUNCTION_QUEUES),
  /** Settles and expires what nobody else does. */
  LANE_ADDRESS: envTypes.text,
  OVERDUE_BLOCKS: envTypes.whole,
  SWEEP_EVERY_MS: envTypes.whole,
  SWEEP_HEIGHTS: envTypes.whole,
});
