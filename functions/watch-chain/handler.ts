import middy, { type MiddyHandlerObject } from '@middy/core';
import type { Context } from 'aws-lambda';
import { BATCH_TIMEOUT } from '../../shared/sqs-batch.ts';
import { type AttendDeps, type Attended, attend } from './attend.ts';
import type { WatchDeps } from './deps.ts';
import { MAX_HEIGHTS, type PassResult, watchPass } from './use-case.ts';

/** One pass: for whoever is called at each block. */
export const createHandler = (deps: WatchDeps) =>
  middy(async (): Promise<PassResult> => await watchPass(deps, MAX_HEIGHTS));

/** Called each minute: stays while something is open, and stops reading a second before Lambda would end it. */
export const createAttendant = (deps: AttendDeps) =>
  middy(
    async (_event: unknown, context: Context, { signal }: MiddyHandlerObject): Promise<Attended> =>
      await attend(deps, { signal, leftMs: () => context.getRemainingTimeInMillis() }),
    BATCH_TIMEOUT,
  );
