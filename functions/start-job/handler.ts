import middy from '@middy/core';
import type { Logger } from '../../shared/log.ts';
import { StartJobMessage } from '../../shared/messages/advance.ts';
import { sqsBatch } from '../../shared/sqs-batch.ts';
import { type StartJobDeps, startJob } from './use-case.ts';

/** Consumer of queue `start-job`. */
export const createHandler = (deps: StartJobDeps, log: Logger) =>
  middy(sqsBatch(StartJobMessage, (message) => startJob(deps, message), { log }));
