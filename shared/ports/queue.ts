import type { QueueName } from '../messages/queues.ts';

export interface OutgoingMessage {
  /** Domain id: the same effect always has the same id. Brokers may still deliver it more than once. */
  readonly id: string;
  /** Fair share between groups on standard queues; strict order inside a group on FIFO queues. */
  readonly group: string;
  /** JSON text of ids and hashes, never a payload. */
  readonly body: string;
  readonly delayMs?: number;
  /** Trace context of what caused it, as X-Ray's header writes it; for whoever looks on, never for what is done. */
  readonly trace?: string;
}

export interface ReceivedMessage {
  readonly id: string;
  readonly group: string;
  readonly body: string;
  /** Names this delivery for `ack` and `retry`; useless after the visibility time-out has given the message to another. */
  readonly receipt: string;
  /** 1 on the first delivery. */
  readonly receiveCount: number;
  readonly sentAtMs: number;
}

export interface QueueDepth {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
  readonly dead: number;
}

/**
 * At-least-once queues with SQS's semantics: a received message stays hidden for the queue's visibility time-out and comes
 * back unless acked; after the queue's maximum receives it moves to the dead letters. On a FIFO queue no message of a group is
 * delivered while an earlier one of that group is in flight or waiting.
 */
export interface Queue {
  send(queue: QueueName, messages: readonly OutgoingMessage[]): Promise<void>;
  receive(queue: QueueName, max: number): Promise<ReceivedMessage[]>;
  /** Done: the message is deleted. A stale receipt is ignored. */
  ack(queue: QueueName, receipt: string): Promise<void>;
  /** Not done: visible again after `delayMs`. A stale receipt is ignored. */
  retry(queue: QueueName, receipt: string, delayMs: number): Promise<void>;
  depth(queue: QueueName): Promise<QueueDepth>;
  deadLetters(queue: QueueName, limit: number): Promise<ReceivedMessage[]>;
  /** Sends all dead letters again, with fresh receive counts. @returns how many */
  redrive(queue: QueueName): Promise<number>;
}
