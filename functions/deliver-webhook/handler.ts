import middy from '@middy/core';
import type { Logger } from '../../shared/log.ts';
import { DeliverWebhookMessage } from '../../shared/rows/webhook.ts';
import { sqsBatch } from '../../shared/sqs-batch.ts';
import { type DeliverDeps, deliver } from './use-case.ts';

/** Consumer of queue `deliver-webhook`. */
export const createHandler = (deps: DeliverDeps, log: Logger) =>
  middy(sqsBatch(DeliverWebhookMessage, (message) => deliver({ log, ...deps }, message), { log }));
