import middy from '@middy/core';
import type { Logger } from '../../shared/log.ts';
import { StartJobMessage } from '../../shared/messages/advance.ts';
import { BATCH_TIMEOUT, type BatchHooks, sqsBatch } from '../../shared/sqs-batch.ts';
import type { StartJobDeps } from './deps.ts';
import { startJob } from './use-case.ts';

const correlate = ({ run }: StartJobMessage) => ({ queryId: run.queryId });

/** Consumer of queue `start-job`. */
export const createHandler = (deps: StartJobDeps, log: Logger, hooks: BatchHooks = {}) =>
  middy(
    sqsBatch(StartJobMessage, (message) => startJob(deps, message), { log, correlate, ...hooks }),
    BATCH_TIMEOUT,
  );
