/**
 * Every queue of a deployment. `timeoutMs` bounds one invocation of its consumer; visibility is six times that, as AWS advises for
 * SQS event sources. `fifo`: order inside a group.
 */
const queue = (timeoutMs: number, maxReceives: number, fifo = false) => ({
  fifo,
  timeoutMs,
  visibilityMs: 6 * timeoutMs,
  maxReceives,
});

export const QUEUES = {
  'advance-run': queue(5_000, 8),
  'start-job': queue(5_000, 8),
  'send-transaction': queue(5_000, 20, true),
  'deliver-webhook': queue(20_000, 8),
} as const;

export type QueueName = keyof typeof QUEUES;
