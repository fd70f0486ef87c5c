import middy from '@middy/core';
import type { Logger } from '../../shared/log.ts';
import { AdvanceMessage } from '../../shared/messages/advance.ts';
import { BATCH_TIMEOUT, type BatchHooks, sqsBatch } from '../../shared/sqs-batch.ts';
import type { AdvanceDeps } from './deps.ts';
import { advance } from './use-case.ts';

const correlate = (message: AdvanceMessage) => ({
  queryId: ('query' in message ? message.query : message.run).queryId,
});

/** Consumer of queue `advance-run`. */
export const createHandler = (deps: AdvanceDeps, log: Logger, hooks: BatchHooks = {}) =>
  middy(
    sqsBatch(AdvanceMessage, (message) => advance(deps, message), { log, correlate, ...hooks }),
    BATCH_TIMEOUT,
  );
