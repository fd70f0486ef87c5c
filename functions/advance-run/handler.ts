import middy from '@middy/core';
import type { Logger } from '../../shared/log.ts';
import { AdvanceMessage } from '../../shared/messages/advance.ts';
import { sqsBatch } from '../../shared/sqs-batch.ts';
import type { AdvanceDeps } from './deps.ts';
import { advance } from './use-case.ts';

/** Consumer of queue `advance-run`. */
export const createHandler = (deps: AdvanceDeps, log: Logger) =>
  middy(sqsBatch(AdvanceMessage, (message) => advance(deps, message), { log }));
