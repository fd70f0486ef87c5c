import { z } from 'zod';
import { QUEUES, type QueueName } from './messages/queues.ts';
import type { OutgoingMessage } from './ports/queue.ts';
import type { Key, Write } from './ports/store.ts';

/** Due list of effects that are committed but not yet sent; `at` is the time from which they may be sent, in ms. */
export const OUTBOX = 'outbox';

/** Begins the partition key of every outbox row, and of no other: what the table's stream is filtered by. */
export const OUTBOX_PREFIX = 'outbox/';

export const isOutboxKey = ({ pk }: Pick<Key, 'pk'>): boolean => pk.startsWith(OUTBOX_PREFIX);

/** Body of an outbox row. */
export const OutboxEntry = z.object({
  queue: z.enum(Object.keys(QUEUES) as [QueueName, ...QueueName[]]),
  message: z.object({
    id: z.string(),
    group: z.string(),
    body: z.string(),
    delayMs: z.number().exactOptional(),
    trace: z.string().exactOptional(),
  }),
});
export type OutboxEntry = z.infer<typeof OutboxEntry>;

/**
 * The write that puts a message into the outbox, to stand in the same transaction as the state change that caused it.
 * The same effect written twice is one row, so a repeated use case adds nothing. Each message has a partition of its own: one for all
 * would take no more than 1,000 writes a second on DynamoDB.
 */
export const outboxWrite = (queue: QueueName, message: OutgoingMessage, nowMs: number): Write => ({
  kind: 'put',
  key: { pk: `${OUTBOX_PREFIX}${message.id}`, sk: queue },
  body: { queue, message } satisfies OutboxEntry,
  due: { list: OUTBOX, at: nowMs + (message.delayMs ?? 0) },
  expect: 'any',
});
