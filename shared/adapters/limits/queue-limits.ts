import { BadInputError } from '../../errors.ts';
import { QUEUES, type QueueName } from '../../messages/queues.ts';
import type { OutgoingMessage } from '../../ports/queue.ts';

// SQS's limits, so that what passes here also passes there:
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
export const MAX_BODY_BYTES = 256 * 1024;
export const MAX_RECEIVE = 10;
export const MAX_DELAY_MS = 15 * 60_000;
export const MAX_RETRY_DELAY_MS = 12 * 3_600_000;
/** Of id and body: what XML can hold, so no lone surrogates either. */
const TEXT = /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]+$/u;
const GROUP = /^[\x21-\x7e]{1,128}$/;

const checkDelay = (delayMs: number, maxMs: number): void => {
  if (!(delayMs >= 0 && delayMs <= maxMs)) {
    throw new BadInputError('bad-delay', `a delay of ${delayMs} ms, allowed are 0 to ${maxMs}`, {
      next: 'Let the row wait in a due list and send the message when its time has come.',
      details: { delayMs, maxMs },
    });
  }
};

const checkMessage = (queue: QueueName, { id, group, body, delayMs = 0 }: OutgoingMessage): void => {
  const bytes = Buffer.byteLength(body);
  if (bytes > MAX_BODY_BYTES) {
    throw new BadInputError('message-too-large', `a message of ${bytes} bytes, allowed are ${MAX_BODY_BYTES}`, {
      next: 'Put the bytes into a blob and its hash into the message.',
      details: { queue, id, bytes, maxBytes: MAX_BODY_BYTES },
    });
  }
  if (!TEXT.test(id) || !TEXT.test(body) || !GROUP.test(group)) {
    throw new BadInputError(
      'bad-message',
      'id and body of a message must be text without control characters, its group 1 to 128 visible ASCII characters',
      { details: { queue, id } },
    );
  }
  checkDelay(delayMs, MAX_DELAY_MS);
  if (delayMs > 0 && QUEUES[queue].fifo) {
    throw new BadInputError('bad-delay', `a delay of ${delayMs} ms on the FIFO queue ${queue}, allowed is none`, {
      next: 'Retry the received message with a delay, or let the row wait in a due list.',
      details: { queue, id, delayMs },
    });
  }
};

/** @throws {BadInputError} `message-too-large`, `bad-message` or `bad-delay`; then no message of the call was sent. */
export const checkSend = (queue: QueueName, messages: readonly OutgoingMessage[]): void => {
  for (const message of messages) checkMessage(queue, message);
};

/** @throws {BadInputError} `bad-delay` over twelve hours */
export const checkRetryDelay = (delayMs: number): void => checkDelay(delayMs, MAX_RETRY_DELAY_MS);

/** @throws {BadInputError} `bad-limit` unless a whole number from 1; more than ten are allowed, and ten are given. */
export const checkReceiveMax = (max: number): void => {
  if (!Number.isSafeInteger(max) || max < 1) {
    throw new BadInputError('bad-limit', `max is ${max}, expected a whole number from 1`, { details: { max } });
  }
};
