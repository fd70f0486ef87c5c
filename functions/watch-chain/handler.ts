import middy from '@middy/core';
import type { WatchDeps } from './deps.ts';
import { type PassResult, watchPass } from './use-case.ts';

/** Heights of one invocation: what is left over is the next one's. */
const MAX_HEIGHTS = 500;

/** Called by a schedule and by a socket's doorbell. */
export const createHandler = (deps: WatchDeps) =>
  middy(async (): Promise<PassResult> => await watchPass(deps, MAX_HEIGHTS));
