import type { QueueName } from '../../shared/messages/queues.ts';
import { OUTBOX, type OutboxEntry } from '../../shared/outbox.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { OutgoingMessage, Queue } from '../../shared/ports/queue.ts';
import type { Row, Store } from '../../shared/ports/store.ts';
import { ConditionFailedError } from '../../shared/ports/store-errors.ts';

export interface RelayDeps {
  readonly store: Store;
  readonly queue: Queue;
  readonly clock: Clock;
}

/** Rows sent in one go. */
const BATCH = 25;

/**
 * Sends committed effects that are due and then forgets them. A crash between the two sends them again: receivers act on
 * domain ids. @returns how many were sent
 */
export const relayOutbox = async ({ store, queue, clock }: RelayDeps): Promise<number> => {
  let sent = 0;
  for (;;) {
    const rows = await store.due<OutboxEntry>(OUTBOX, clock.nowMs(), BATCH);
    if (rows.length === 0) return sent;
    const byQueue = new Map<QueueName, OutgoingMessage[]>();
    for (const { body } of rows) byQueue.set(body.queue, [...(byQueue.get(body.queue) ?? []), body.message]);
    for (const [name, messages] of byQueue) await queue.send(name, messages);
    await forget(store, rows);
    sent += rows.length;
  }
};

/** Rows that changed since they were read carry a newer effect of the same id: they stay for the next turn. */
const forget = async (store: Store, rows: readonly Row[]): Promise<void> => {
  const writes = rows.map(({ pk, sk, version }) => ({ kind: 'delete', key: { pk, sk }, expect: { version } }) as const);
  try {
    await store.transact(writes);
  } catch (error) {
    if (!(error instanceof ConditionFailedError)) throw error;
    const stale = new Set(error.conflicts.map(({ key }) => key.sk));
    const rest = writes.filter(({ key }) => !stale.has(key.sk));
    if (rest.length < writes.length && rest.length > 0) await store.transact(rest);
  }
};
