import type { QueueName } from './messages/queues.ts';
import type { OutgoingMessage } from './ports/queue.ts';
import type { Write } from './ports/store.ts';

/** Partition and due list of effects that are committed but not yet sent; `at` is the time of commit in ms. */
export const OUTBOX = 'outbox';

/** Body of an outbox row. */
export interface OutboxEntry {
  readonly queue: QueueName;
  readonly message: OutgoingMessage;
}

/**
 * The write that puts a message into the outbox, to stand in the same transaction as the state change that caused it.
 * The same effect written twice is one row, so a repeated use case adds nothing.
 */
export const outboxWrite = (queue: QueueName, message: OutgoingMessage, nowMs: number): Write => ({
  kind: 'put',
  key: { pk: OUTBOX, sk: `${queue}/${message.id}` },
  body: { queue, message } satisfies OutboxEntry,
  due: { list: OUTBOX, at: nowMs + (message.delayMs ?? 0) },
  expect: 'any',
});
