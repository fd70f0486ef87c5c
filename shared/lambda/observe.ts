import type { LogLevel } from '../log.ts';
import type { FunctionQueue } from '../messages/queues.ts';
import type { Clock } from '../ports/clock.ts';
import type { Queue } from '../ports/queue.ts';
import type { BatchHooks } from '../sqs-batch.ts';
import { withTrace } from '../trace.ts';
import { type LambdaLogger, lambdaLogger } from './log.ts';
import { type LambdaMetrics, lambdaMetrics } from './metrics.ts';

export interface Observed {
  readonly log: LambdaLogger;
  readonly metrics: LambdaMetrics;
}

export const observe = (env: { readonly DEPLOYMENT: string; readonly LOG_LEVEL: LogLevel }): Observed => ({
  log: lambdaLogger(env.LOG_LEVEL),
  metrics: lambdaMetrics(env.DEPLOYMENT),
});

/** What a consumer of an SQS queue adds to its handler: back-off, the message's own trace, one line for each message. */
export const batchHooks = (name: FunctionQueue, queue: Queue, log: LambdaLogger, clock: Clock): BatchHooks => ({
  delayRetry: (record, delayMs) => queue.retry(name, record.receiptHandle, delayMs),
  within: (record, run) => withTrace(record.attributes.AWSTraceHeader, run),
  observe: ({ outcome, messageId, receiveCount, sentAtMs, ids }) =>
    log.info('message', { outcome, messageId, receiveCount, ageMs: clock.nowMs() - sentAtMs, ...ids }),
});
