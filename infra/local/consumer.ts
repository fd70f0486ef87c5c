import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { QUEUES, type QueueName } from '../../shared/messages/queues.ts';
import type { Queue, ReceivedMessage } from '../../shared/ports/queue.ts';
import { retryDelayMs } from '../../shared/sqs-batch.ts';

export type BatchHandler = (event: SQSEvent) => Promise<SQSBatchResponse>;

/** The event that Lambda's SQS mapping gives a handler, so that handlers are the same in the cloud and here. */
const toRecord = (name: QueueName, message: ReceivedMessage): SQSRecord => ({
  messageId: message.receipt,
  receiptHandle: message.receipt,
  body: message.body,
  attributes: {
    ApproximateReceiveCount: String(message.receiveCount),
    SentTimestamp: String(message.sentAtMs),
    SenderId: 'local',
    ApproximateFirstReceiveTimestamp: String(message.sentAtMs),
    MessageGroupId: message.group,
    MessageDeduplicationId: message.id,
  },
  messageAttributes: {},
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: `arn:aws:sqs:local:000000000000:${name}${QUEUES[name].fifo ? '.fifo' : ''}`,
  awsRegion: 'local',
});

/**
 * One turn of the local twin of an event-source mapping: receives, calls the handler, acks what it did and gives back what failed
 * with a doubling delay. @returns how many messages were received
 */
export const consumeOnce = async (
  queue: Queue,
  name: QueueName,
  handler: BatchHandler,
  max: number,
): Promise<number> => {
  const messages = await queue.receive(name, max);
  if (messages.length === 0) return 0;
  const { batchItemFailures } = await handler({ Records: messages.map((message) => toRecord(name, message)) });
  const failed = new Set(batchItemFailures.map((failure) => failure.itemIdentifier));
  for (const { receipt, receiveCount } of messages) {
    if (failed.has(receipt)) await queue.retry(name, receipt, retryDelayMs(receiveCount));
    else await queue.ack(name, receipt);
  }
  return messages.length;
};
