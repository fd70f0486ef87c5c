import middy from '@middy/core';
import type { ReconcileDeps } from './deps.ts';
import { reconcile, type Swept } from './use-case.ts';

/** Called by a schedule. What is not done a second before Lambda's time-out is the next call's: metrics are still written. */
export const createHandler = (deps: ReconcileDeps) =>
  middy(async (): Promise<Swept> => await reconcile(deps), { timeoutEarlyInMillis: 1_000 });
