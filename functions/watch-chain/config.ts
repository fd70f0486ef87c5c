import { z } from 'zod';
import { ChainEnv, CommonEnv, envTypes, StoreEnv } from '../../shared/env.ts';

export const WatchChainEnv = z.object({
  ...CommonEnv,
  ...StoreEnv,
  ...ChainEnv,
  /** Where a new deployment begins to read. */
  START_HEIGHT: envTypes.whole,
  /** `'1'`: an invocation looks at each block until its time is nearly over, also when nothing is open. */
  WATCH_ALWAYS: envTypes.flag,
  /** Between two looks while something is open, where no socket rings. */
  WATCH_POLL_MS: envTypes.whole,
});
