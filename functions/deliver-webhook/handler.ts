import middy from '@middy/core';
import type { Logger } from '../../shared/log.ts';
import { DeliverWebhookMessage } from '../../shared/rows/webhook.ts';
import { BATCH_TIMEOUT, type BatchHooks, sqsBatch } from '../../shared/sqs-batch.ts';
import { type DeliverDeps, deliver } from './use-case.ts';

/** Consumer of queue `deliver-webhook`. */
export const createHandler = (deps: DeliverDeps, log: Logger, hooks: BatchHooks = {}) =>
  middy(
    sqsBatch(DeliverWebhookMessage, (message, scope) => deliver({ ...deps, ...scope }, message), {
      log,
      correlate: ({ endpointId, deliveryId }) => ({ endpointId, deliveryId }),
      ...hooks,
    }),
    BATCH_TIMEOUT,
  );
