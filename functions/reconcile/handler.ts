import middy from '@middy/core';
import type { ReconcileDeps } from './deps.ts';
import { reconcile, type Swept } from './use-case.ts';

/** Called by a schedule. */
export const createHandler = (deps: ReconcileDeps) => middy(async (): Promise<Swept> => await reconcile(deps));
