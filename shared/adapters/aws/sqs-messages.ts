import {
  type Message,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { Random } from '../../ports/clock.ts';
import type { OutgoingMessage, ReceivedMessage } from '../../ports/queue.ts';
import { fromAws } from './aws-errors.ts';

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
const MAX_BATCH_MESSAGES = 10;
/** Of all bodies and attributes of one request. */
export const MAX_BATCH_BYTES = 1_048_576;
/** Of the messages that SQS refuses one by one; a request that fails as a whole is repeated by the SDK. */
const MAX_SENDS = 3;

/** Attribute that carries the domain id: SQS's own ids change when a message is sent again. */
const ID = 'id';

type Entry = SendMessageBatchRequestEntry & { readonly Id: string };

/** @param dedup gives FIFO messages a fresh deduplication id, or SQS would swallow a repeated domain id for five minutes */
const toEntry = ({ id, group, body, delayMs, trace }: OutgoingMessage, at: number, dedup?: Random): Entry => ({
  Id: String(at),
  MessageBody: body,
  MessageGroupId: group,
  MessageAttributes: { [ID]: { DataType: 'String', StringValue: id } },
  ...(dedup && { MessageDeduplicationId: Buffer.from(dedup.bytes(16)).toString('hex') }),
  ...(delayMs && { DelaySeconds: Math.ceil(delayMs / 1_000) }),
  ...(trace !== undefined && {
    MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: trace } },
  }),
});

const sizeBytes = ({ MessageBody, MessageAttributes }: Entry): number =>
  [MessageBody, ID, 'String', MessageAttributes?.[ID]?.StringValue].reduce(
    (sum, text) => sum + Buffer.byteLength(text ?? ''),
    0,
  );

const inBatches = (entries: readonly Entry[]): Entry[][] => {
  const batches: Entry[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const last = batches.at(-1);
    const size = sizeBytes(entry);
    bytes += size;
    if (last && last.length < MAX_BATCH_MESSAGES && bytes <= MAX_BATCH_BYTES) last.push(entry);
    else {
      batches.push([entry]);
      bytes = size;
    }
  }
  return batches;
};

/**
 * Sends in as few requests as the limits allow, one after the other. When it throws, some may have been sent: whoever sends again
 * sends those twice.
 */
export const sendAll = async (
  client: SQSClient,
  url: string,
  messages: readonly OutgoingMessage[],
  dedup: Random | undefined,
): Promise<void> => {
  for (const batch of inBatches(messages.map((message, at) => toEntry(message, at, dedup)))) {
    await sendBatch(client, url, batch);
  }
};

const sendBatch = async (client: SQSClient, url: string, batch: readonly Entry[]): Promise<void> => {
  let left = batch;
  for (let sends = 1; left.length > 0; sends += 1) {
    const refused = await sendOnce(client, url, left);
    const [first] = refused.values();
    if (first && sends === MAX_SENDS) throw fromAws(first, `send ${refused.size} of ${batch.length} messages`);
    left = left.filter(({ Id }) => refused.has(Id));
  }
};

/** @returns what SQS says of each message that it did not take, by entry id */
const sendOnce = async (
  client: SQSClient,
  url: string,
  entries: readonly Entry[],
): Promise<ReadonlyMap<string, Error>> => {
  try {
    const [only] = entries;
    if (only && entries.length === 1) {
      const { Id: _, ...message } = only;
      await client.send(new SendMessageCommand({ QueueUrl: url, ...message }));
      return new Map();
    }
    const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: [...entries] }));
    return new Map(Failed.map(({ Id, ...failure }) => [Id ?? '', entryError(failure)]));
  } catch (error) {
    throw fromAws(error, `send ${entries.length} messages`);
  }
};

/** As the SDK would throw it, had the message been alone. */
const entryError = (failure: { Code?: string | undefined; SenderFault?: boolean | undefined }): Error =>
  Object.assign(new Error('refused in a batch'), {
    name: failure.Code ?? 'UnknownFailure',
    $metadata: { httpStatusCode: failure.SenderFault ? 400 : 500 },
  });

export const fromSqs = (message: Message): ReceivedMessage => {
  const { MessageId = '', ReceiptHandle = '', Body = '', Attributes = {}, MessageAttributes = {} } = message;
  const id = MessageAttributes[ID]?.StringValue ?? MessageId;
  return {
    id,
    group: Attributes.MessageGroupId ?? id,
    body: Body,
    receipt: ReceiptHandle,
    receiveCount: Number(Attributes.ApproximateReceiveCount ?? 1),
    sentAtMs: Number(Attributes.SentTimestamp ?? 0),
    ...(Attributes.AWSTraceHeader !== undefined && { trace: Attributes.AWSTraceHeader }),
  };
};
