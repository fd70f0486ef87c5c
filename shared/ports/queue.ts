import type { QueueName } from '../messages/queues.ts';

export interface OutgoingMessage {
  /** Domain id: the same effect always has the same id. Brokers may still deliver it more than once. */
  readonly id: string;
  /**
   * 1 to 128 visible ASCII characters. On FIFO queues, order inside a group; on standard ones a hint, by which a broker gives a quiet
   * group its turn beside a noisy one.
   */
  readonly group: string;
  /** JSON text of ids and hashes, never a payload. */
  readonly body: string;
  /** At most 15 minutes, none on FIFO queues. Brokers may round up to seconds. */
  readonly delayMs?: number;
  /** Trace context of what caused it, as X-Ray's header writes it; for whoever looks on, never for what is done. */
  readonly trace?: string;
}

export interface ReceivedMessage {
  readonly id: string;
  readonly group: string;
  readonly body: string;
  /** Names this delivery for `ack`, `retry` and `hide`; useless after the visibility time-out has given the message to another. */
  readonly receipt: string;
  /** 1 on the first delivery. */
  readonly receiveCount: number;
  readonly sentAtMs: number;
  /** As it was sent, where the broker keeps it. */
  readonly trace?: string;
}

/** As the broker knows it at this moment: SQS's numbers are estimates, which settle within a minute. */
export interface QueueDepth {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
  readonly dead: number;
}

/**
 * At-least-once queues with SQS's semantics: a received message stays hidden for the queue's visibility time-out and comes
 * back unless acked; after the queue's maximum receives it moves to the dead letters. On a FIFO queue one answer may hold several
 * messages of a group, in order; no later answer holds one of that group while any of them is in flight or waiting. So a consumer that
 * fails at one must give back the rest of the group too, and each such answer counts as a receive of all it holds.
 */
export interface Queue {
  /**
   * When it throws a {@link TransientError}, some may have been sent. @throws {BadInputError} `message-too-large`, `bad-message` or
   * `bad-delay`: none was sent
   */
  send(queue: QueueName, messages: readonly OutgoingMessage[]): Promise<void>;
  /** At most ten; an empty answer is no proof that there is nothing. */
  receive(queue: QueueName, max: number): Promise<ReceivedMessage[]>;
  /** Done: the message is deleted. A stale receipt is ignored. */
  ack(queue: QueueName, receipt: string): Promise<void>;
  /** Not done: visible again after `delayMs`. A stale receipt is ignored. */
  retry(queue: QueueName, receipt: string, delayMs: number): Promise<void>;
  /** Still at work: stays hidden for `hideMs` from now, and the receipt stays good. A stale receipt is ignored. */
  hide(queue: QueueName, receipt: string, hideMs: number): Promise<void>;
  depth(queue: QueueName): Promise<QueueDepth>;
  /**
   * A look at the dead letters, without receipts. Best effort: others cannot see or redrive them while one looks (up to 10 s), and of a
   * FIFO group it may show the first ten only.
   */
  deadLetters(queue: QueueName, limit: number): Promise<ReceivedMessage[]>;
  /** Sends the dead letters of this moment again, under the same ids, with fresh receive counts. @returns how many */
  redrive(queue: QueueName): Promise<number>;
}
