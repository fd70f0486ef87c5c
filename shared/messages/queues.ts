/** Every queue of a deployment. `fifo`: order inside a group. Time-outs follow AWS's advice: visibility = 6 x the consumer's time-out. */
export const QUEUES = {
  'advance-run': { fifo: false, visibilityMs: 60_000, maxReceives: 8 },
  'start-job': { fifo: false, visibilityMs: 60_000, maxReceives: 8 },
  'send-transaction': { fifo: true, visibilityMs: 180_000, maxReceives: 20 },
  'deliver-webhook': { fifo: false, visibilityMs: 120_000, maxReceives: 8 },
} as const satisfies Record<string, { fifo: boolean; visibilityMs: number; maxReceives: number }>;

export type QueueName = keyof typeof QUEUES;
