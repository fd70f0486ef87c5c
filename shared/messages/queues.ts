/**
 * Every queue of a deployment. `timeoutMs` bounds one invocation of its consumer; visibility is six times that, as AWS advises for
 * SQS event sources. `fifo`: order inside a group. `worker`: taken by workers, who keep a message hidden while they work on it;
 * the others each feed the function of the same name.
 */
const queue = (
  timeoutMs: number,
  maxReceives: number,
  more: { readonly fifo?: true; readonly worker?: true } = {},
) => ({
  fifo: more.fifo ?? false,
  worker: more.worker ?? false,
  timeoutMs,
  visibilityMs: 6 * timeoutMs,
  maxReceives,
});

export const QUEUES = {
  'advance-run': queue(15_000, 8),
  'start-job': queue(30_000, 8),
  'send-transaction': queue(10_000, 20, { fifo: true }),
  'deliver-webhook': queue(30_000, 8),
  'stage-jobs': queue(10_000, 4, { worker: true }),
} as const;

export type QueueName = keyof typeof QUEUES;
/** Queues that feed a function. */
export type FunctionQueue = Exclude<QueueName, 'stage-jobs'>;
export const FUNCTION_QUEUES = (Object.keys(QUEUES) as QueueName[]).filter(
  (name): name is FunctionQueue => !QUEUES[name].worker,
);
