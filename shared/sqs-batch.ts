import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { z } from 'zod';
import { BadInputError, QuorateError } from './errors.ts';
import type { Logger } from './log.ts';

export interface SqsBatchOptions {
  readonly log?: Pick<Logger, 'warn' | 'error'>;
}

const read = <T>(schema: z.ZodType<T>, record: SQSRecord): T => {
  let value: unknown;
  try {
    value = JSON.parse(record.body);
  } catch {
    // No cause: a parser quotes what it could not read, and this error is logged.
    throw new BadInputError('malformed-message', `message ${record.messageId} is not JSON`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const fields = result.error.issues.map((issue) => issue.path.join('.') || 'the whole').join(', ');
  throw new BadInputError('malformed-message', `message ${record.messageId} does not fit its schema: ${fields}`);
};

const isFifo = (record: SQSRecord): boolean => record.eventSourceARN.endsWith('.fifo');

/**
 * A Lambda consumer of one SQS batch with partial failures. By the family of the error: bad input will never work and is
 * logged and acked; anything else is reported as failed and comes again, until the queue's redrive policy parks it.
 * On a FIFO queue a group ends at its first failure: the rest of the group is reported too, else SQS would deliver it in
 * the wrong order. Messages of different groups (and all of a standard queue) run side by side.
 */
export const sqsBatch =
  <T>(schema: z.ZodType<T>, handle: (message: T) => Promise<unknown>, { log }: SqsBatchOptions = {}) =>
  async (event: Pick<SQSEvent, 'Records'>): Promise<SQSBatchResponse> => {
    const settles = async (record: SQSRecord): Promise<boolean> => {
      const fields = { messageId: record.messageId, receiveCount: record.attributes.ApproximateReceiveCount };
      try {
        await handle(read(schema, record));
        return true;
      } catch (error) {
        if (error instanceof QuorateError && error.family === 'bad-input') {
          log?.warn('message refused for good', { ...fields, error });
          return true;
        }
        const level = error instanceof QuorateError && error.family === 'transient' ? 'warn' : 'error';
        log?.[level]('message failed', { ...fields, error });
        return false;
      }
    };

    const lanes = new Map<string, SQSRecord[]>();
    for (const record of event.Records) {
      const lane = isFifo(record) ? `group/${record.attributes.MessageGroupId ?? ''}` : `message/${record.messageId}`;
      lanes.set(lane, [...(lanes.get(lane) ?? []), record]);
    }
    const failed = await Promise.all(
      [...lanes.values()].map(async (records) => {
        for (const [at, record] of records.entries()) {
          if (!(await settles(record))) return records.slice(at);
        }
        return [];
      }),
    );
    const failedIds = new Set(failed.flat().map(({ messageId }) => messageId));
    // In the order of the batch, which SQS and its readers expect.
    const batchItemFailures = event.Records.filter(({ messageId }) => failedIds.has(messageId)).map(
      ({ messageId }) => ({ itemIdentifier: messageId }),
    );
    return { batchItemFailures };
  };
