import { z } from 'zod';
import { BlobsEnv, ChainEnv, CommonEnv, envTypes, NodeKeysEnv, queuesEnv, StoreEnv } from '../../shared/env.ts';

export const AdvanceRunEnv = z.object({
  ...CommonEnv,
  ...StoreEnv,
  ...BlobsEnv,
  ...ChainEnv,
  ...NodeKeysEnv,
  ...queuesEnv('advance-run'),
  SETTLE_SPREAD_BLOCKS: envTypes.whole,
});
