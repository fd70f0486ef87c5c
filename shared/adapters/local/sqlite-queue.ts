import type { StatementSync } from 'node:sqlite';
import { QUEUES, type QueueName } from '../../messages/queues.ts';
import type { Clock, Random } from '../../ports/clock.ts';
import type { OutgoingMessage, Queue, QueueDepth, ReceivedMessage } from '../../ports/queue.ts';
import { checkReceiveMax, checkRetryDelay, checkSend, MAX_RECEIVE } from '../limits/queue-limits.ts';
import { checkLimit } from '../limits/store-limits.ts';
import type { LocalDatabase } from './sqlite.ts';

export interface SqliteQueueOptions {
  readonly clock: Clock;
  /** For receipts. */
  readonly random: Random;
  /**
   * Called after a commit of this connection that may have made a message deliverable at once, so that consumers of the same
   * process need not wait for their next poll. Only a hint: time-outs, delays and other processes give none.
   */
  readonly wake?: (queue: QueueName) => void;
}

interface RawMessage {
  readonly seq: number;
  readonly id: string;
  readonly grp: string;
  readonly body: string;
  readonly sent_at_ms: number;
  readonly visible_at_ms: number;
  readonly receive_count: number;
}

/** A receipt is `<seq>-<token>`; anything else was never ours, hence stale. */
const seqOf = (receipt: string): number => Number(/^(\d+)-[0-9a-f]{32}$/.exec(receipt)?.[1] ?? 0);

const toReceived = (raw: RawMessage, receipt: string, receiveCount: number): ReceivedMessage => ({
  id: raw.id,
  group: raw.grp,
  body: raw.body,
  receipt,
  receiveCount,
  sentAtMs: raw.sent_at_ms,
});

const COLUMNS = 'seq, id, grp, body, sent_at_ms, visible_at_ms, receive_count';

class SqliteQueue implements Queue {
  readonly #database: LocalDatabase;
  readonly #options: SqliteQueueOptions;
  /** The group served last, by queue: the next receive begins with the one after it. */
  readonly #lastServed = new Map<QueueName, string>();
  readonly #insert: StatementSync;
  readonly #anyVisible: StatementSync;
  readonly #headAfter: StatementSync;
  readonly #take: StatementSync;
  readonly #bury: StatementSync;
  readonly #delete: StatementSync;
  readonly #postpone: StatementSync;
  readonly #hide: StatementSync;
  readonly #depth: StatementSync;
  readonly #dead: StatementSync;
  readonly #resend: StatementSync;
  readonly #deleteDead: StatementSync;

  constructor(database: LocalDatabase, options: SqliteQueueOptions) {
    this.#database = database;
    this.#options = options;
    this.#insert = database.prepare(
      'INSERT INTO messages (queue, id, grp, body, sent_at_ms, visible_at_ms, place) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#anyVisible = database.prepare(
      'SELECT 1 FROM messages WHERE queue = ? AND dead = 0 AND visible_at_ms <= ? LIMIT 1',
    );
    this.#headAfter = database.prepare(
      `SELECT ${COLUMNS} FROM messages WHERE queue = ? AND dead = 0 AND grp > ? ORDER BY grp, place, seq LIMIT 1`,
    );
    this.#take = database.prepare(
      'UPDATE messages SET receipt = ?, receive_count = receive_count + 1, visible_at_ms = ?, place = ? WHERE seq = ?',
    );
    this.#bury = database.prepare('UPDATE messages SET dead = 1, receipt = NULL WHERE seq = ?');
    this.#delete = database.prepare('DELETE FROM messages WHERE seq = ? AND queue = ? AND receipt = ?');
    this.#postpone = database.prepare(
      'UPDATE messages SET receipt = NULL, visible_at_ms = ?, place = ? WHERE seq = ? AND queue = ? AND receipt = ?',
    );
    this.#hide = database.prepare(
      'UPDATE messages SET visible_at_ms = ?, place = ? WHERE seq = ? AND queue = ? AND receipt = ?',
    );
    this.#depth = database.prepare(
      `SELECT count(*) FILTER (WHERE dead = 0 AND visible_at_ms <= ?1) AS visible,
              count(*) FILTER (WHERE dead = 0 AND visible_at_ms > ?1 AND receipt IS NOT NULL) AS in_flight,
              count(*) FILTER (WHERE dead = 0 AND visible_at_ms > ?1 AND receipt IS NULL) AS delayed,
              count(*) FILTER (WHERE dead = 1) AS dead
       FROM messages WHERE queue = ?2`,
    );
    this.#dead = database.prepare(`SELECT ${COLUMNS} FROM messages WHERE queue = ? AND dead = 1 ORDER BY seq LIMIT ?`);
    this.#resend = database.prepare(
      `INSERT INTO messages (queue, id, grp, body, sent_at_ms, visible_at_ms, place)
       SELECT queue, id, grp, body, ?1, ?1, ?2 FROM messages WHERE queue = ?3 AND dead = 1 ORDER BY seq`,
    );
    this.#deleteDead = database.prepare('DELETE FROM messages WHERE queue = ? AND dead = 1');
  }

  async send(queue: QueueName, messages: readonly OutgoingMessage[]): Promise<void> {
    checkSend(queue, messages);
    if (messages.length === 0) return;
    const nowMs = this.#options.clock.nowMs();
    const rows = messages.map(({ id, group, body, delayMs }) => ({ id, group, body, atMs: nowMs + (delayMs ?? 0) }));
    await this.#database.commit(() => {
      for (const { id, group, body, atMs } of rows) {
        this.#insert.run(queue, id, group, body, nowMs, atMs, this.#place(queue, atMs));
      }
    });
    this.#options.wake?.(queue);
  }

  async receive(queue: QueueName, max: number): Promise<ReceivedMessage[]> {
    checkReceiveMax(max);
    const nowMs = this.#options.clock.nowMs();
    // Most polls find nothing, and reading takes no lock.
    if (this.#database.read(() => this.#anyVisible.get(queue, nowMs)) === undefined) return [];
    return this.#database.commitSoon(() => this.#takeInTurn(queue, Math.min(max, MAX_RECEIVE), nowMs));
  }

  async ack(queue: QueueName, receipt: string): Promise<void> {
    const { changes } = this.#database.commitSoon(() => this.#delete.run(seqOf(receipt), queue, receipt));
    if (changes === 1 && QUEUES[queue].fifo) this.#options.wake?.(queue);
  }

  async retry(queue: QueueName, receipt: string, delayMs: number): Promise<void> {
    checkRetryDelay(delayMs);
    const atMs = this.#options.clock.nowMs() + delayMs;
    const place = this.#place(queue, atMs);
    const { changes } = this.#database.commitSoon(() =>
      this.#postpone.run(atMs, place, seqOf(receipt), queue, receipt),
    );
    if (changes === 1 && delayMs === 0) this.#options.wake?.(queue);
  }

  async hide(queue: QueueName, receipt: string, hideMs: number): Promise<void> {
    checkRetryDelay(hideMs);
    const atMs = this.#options.clock.nowMs() + hideMs;
    const place = this.#place(queue, atMs);
    this.#database.commitSoon(() => this.#hide.run(atMs, place, seqOf(receipt), queue, receipt));
  }

  async depth(queue: QueueName): Promise<QueueDepth> {
    const counts = this.#database.read(() => this.#depth.get(this.#options.clock.nowMs(), queue));
    return {
      visible: Number(counts?.visible),
      inFlight: Number(counts?.in_flight),
      delayed: Number(counts?.delayed),
      dead: Number(counts?.dead),
    };
  }

  async deadLetters(queue: QueueName, limit: number): Promise<ReceivedMessage[]> {
    checkLimit(limit);
    const raw = this.#database.read(() => this.#dead.all(queue, limit)) as unknown as RawMessage[];
    return raw.map((message) => toReceived(message, '', message.receive_count));
  }

  async redrive(queue: QueueName): Promise<number> {
    const nowMs = this.#options.clock.nowMs();
    const count = await this.#database.commit(() => {
      this.#resend.run(nowMs, this.#place(queue, nowMs), queue);
      return Number(this.#deleteDead.run(queue).changes);
    });
    if (count > 0) this.#options.wake?.(queue);
    return count;
  }

  #place(queue: QueueName, visibleAtMs: number): number {
    return QUEUES[queue].fifo ? 0 : visibleAtMs;
  }

  /**
   * Goes round the groups and takes the head of each, at most one per group and lap. The head of a FIFO group is its oldest
   * message, so one that is in flight or waiting holds back the rest of its group and nobody else.
   */
  #takeInTurn(queue: QueueName, max: number, nowMs: number): ReceivedMessage[] {
    const taken: ReceivedMessage[] = [];
    let group = this.#lastServed.get(queue) ?? '';
    let found = true;
    while (taken.length < max) {
      const head = this.#headAfter.get(queue, group) as RawMessage | undefined;
      if (head === undefined) {
        if (!found) break;
        found = false;
        group = '';
      } else if (head.visible_at_ms > nowMs) {
        group = head.grp;
      } else if (head.receive_count >= QUEUES[queue].maxReceives) {
        // The group is looked at again with its next message: a dead one must not cost it its turn.
        this.#bury.run(head.seq);
      } else {
        taken.push(this.#deliver(queue, head, nowMs));
        group = head.grp;
        found = true;
      }
    }
    this.#lastServed.set(queue, group);
    return taken;
  }

  #deliver(queue: QueueName, head: RawMessage, nowMs: number): ReceivedMessage {
    const receipt = `${head.seq}-${Buffer.from(this.#options.random.bytes(16)).toString('hex')}`;
    const hiddenUntilMs = nowMs + QUEUES[queue].visibilityMs;
    this.#take.run(receipt, hiddenUntilMs, this.#place(queue, hiddenUntilMs), head.seq);
    return toReceived(head, receipt, head.receive_count + 1);
  }
}

/**
 * Queues in an SQLite file, as in {@link Queue}; usually the file of the store. Unlike SQS it forgets no message after a
 * retention time, hides no repeated id, and delivers one message of a FIFO group at a time.
 */
export const openSqliteQueue = (database: LocalDatabase, options: SqliteQueueOptions): Queue =>
  new SqliteQueue(database, options);

/**
 * Gives back what a killed process had received, at once instead of after the visibility time-out. Only for whoever knows that no other
 * consumer of this file is alive. @returns how many messages
 */
export const releaseInFlight = (database: LocalDatabase): number =>
  Number(
    database.commitSoon(() =>
      database
        .prepare('UPDATE messages SET receipt = NULL, visible_at_ms = 0 WHERE dead = 0 AND receipt IS NOT NULL')
        .run(),
    ).changes,
  );
