import { InvariantError, QuorateError } from './errors.ts';
import type { Logger } from './log.ts';
import type { QueueName } from './messages/queues.ts';
import { OUTBOX, OutboxEntry } from './outbox.ts';
import type { Clock } from './ports/clock.ts';
import type { OutgoingMessage, Queue } from './ports/queue.ts';
import type { Key, Row, Store } from './ports/store.ts';
import { ConditionFailedError } from './ports/store-errors.ts';

export interface RelayDeps {
  readonly store: Store;
  readonly queue: Pick<Queue, 'send'>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'error'>;
}

/** Rows read in one go. */
const PAGE = 100;
/** What cannot be sent as it is, by this release, is tried again after this time, and told of each time. */
const POISON_HOLD_MS = 3_600_000;

interface Unsent {
  readonly row: Row;
  readonly message: OutgoingMessage;
}

interface Failure {
  readonly row: Row;
  readonly error: unknown;
}

export interface Relayed {
  readonly sent: number;
  /** A queue or the store did not answer: these come again. */
  readonly failed: readonly Failure[];
  /** They will not do better next time. */
  readonly poison: readonly Failure[];
}

/**
 * Sends what outbox rows say, then deletes each of them at its version: one that changed meanwhile carries a newer effect of the same id.
 * A crash between the two sends again; receivers act on domain ids. A queue that fails holds no other back, nor does one bad row.
 */
export const relayRows = async (
  { store, queue }: Pick<RelayDeps, 'store' | 'queue'>,
  rows: readonly Row[],
): Promise<Relayed> => {
  const poison: Failure[] = [];
  const byQueue = new Map<QueueName, Unsent[]>();
  for (const row of rows) {
    const entry = OutboxEntry.safeParse(row.body);
    if (entry.success) {
      // The row has waited in the message's place.
      const { delayMs: _, ...message } = entry.data.message;
      byQueue.set(entry.data.queue, [...(byQueue.get(entry.data.queue) ?? []), { row, message }]);
    } else {
      const fields = entry.error.issues.map(({ path }) => path.join('.')).join(', ');
      poison.push({
        row,
        error: new InvariantError('bad-outbox-row', `an outbox row does not fit its schema: ${fields}`),
      });
    }
  }
  const failed: Failure[] = [];
  let sent = 0;
  const relay = async (name: QueueName, unsent: readonly Unsent[]): Promise<void> => {
    try {
      await queue.send(
        name,
        unsent.map(({ message }) => message),
      );
      await Promise.all(unsent.map(({ row }) => forget(store, row)));
      sent += unsent.length;
    } catch (error) {
      const forGood = error instanceof QuorateError && error.family !== 'transient';
      // One of them is bad, and nothing says which.
      if (forGood && unsent.length > 1) for (const one of unsent) await relay(name, [one]);
      else (forGood ? poison : failed).push(...unsent.map(({ row }) => ({ row, error })));
    }
  };
  await Promise.all([...byQueue].map(([name, unsent]) => relay(name, unsent)));
  return { sent, failed, poison };
};

/**
 * Sends all that is listed as due until the given time. Bad rows are told of and leave the list for an hour.
 * @returns how many messages were sent
 * @throws the first error of a queue that failed, when all others were served
 */
export const relayDue = async (deps: RelayDeps, untilMs: number): Promise<number> => {
  let all = 0;
  for (;;) {
    const rows = await deps.store.due(OUTBOX, untilMs, PAGE);
    if (rows.length === 0) return all;
    const { sent, failed, poison } = await relayRows(deps, rows);
    all += sent;
    for (const { row, error } of poison) {
      tellPoison(deps.log, row, error);
      await hold(deps, row);
    }
    if (failed[0]) throw failed[0].error;
  }
};

export const tellPoison = (log: RelayDeps['log'], { pk, sk }: Key, error: unknown): void =>
  log.error('an outbox row cannot be sent', { pk, sk, error });

const forget = (store: Store, { pk, sk, version }: Row): Promise<void> =>
  unlessChanged(store.transact([{ kind: 'delete', key: { pk, sk }, expect: { version } }]));

const hold = ({ store, clock }: RelayDeps, { pk, sk, body, version }: Row): Promise<void> => {
  const due = { list: OUTBOX, at: clock.nowMs() + POISON_HOLD_MS };
  return unlessChanged(store.transact([{ kind: 'put', key: { pk, sk }, body, due, expect: { version } }]));
};

const unlessChanged = async (write: Promise<void>): Promise<void> => {
  try {
    await write;
  } catch (error) {
    if (!(error instanceof ConditionFailedError)) throw error;
  }
};
