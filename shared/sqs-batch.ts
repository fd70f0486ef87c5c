import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { z } from 'zod';
import { BadInputError, QuorateError } from './errors.ts';
import type { LogFields, Logger } from './log.ts';

/** `held`: not begun, since an earlier message of its FIFO group was not done. `unfinished`: the invocation's time was over first. */
export type Outcome = 'done' | 'refused' | 'failed' | 'unfinished' | 'held';

/** One record of a batch after its end, for metrics and for the one line that each message leaves in the log. */
export interface HandledMessage {
  readonly queue: string;
  readonly messageId: string;
  readonly receiveCount: number;
  readonly sentAtMs: number;
  readonly outcome: Outcome;
  /** What {@link SqsBatchOptions.correlate} and the trace header said. */
  readonly ids: LogFields;
}

/** What the composition adds where the queue is SQS. */
export interface BatchHooks {
  /** Makes a record that was not done visible again after this time, instead of after the queue's time-out. */
  readonly delayRetry?: (record: SQSRecord, delayMs: number) => Promise<void>;
  readonly observe?: (handled: HandledMessage) => void;
  /** Runs the handling of a record: for whoever keeps the record's trace while it lasts. */
  readonly within?: (record: SQSRecord, run: () => Promise<unknown>) => Promise<unknown>;
}

export interface SqsBatchOptions<T> extends BatchHooks {
  readonly log: Logger;
  /** Ids for each log line of a message: `queryId` where there is one. */
  readonly correlate?: (message: T) => LogFields;
}

/** What a handler is given besides its message. */
export interface MessageScope {
  /** Each line carries the ids of the message. */
  readonly log: Logger;
  /** Aborts shortly before the invocation's time is over. */
  readonly signal: AbortSignal;
}

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 30_000;

/** How long a failed message waits before the next delivery: doubling from 250 ms to 30 s. @param receiveCount 1 on the first delivery */
export const retryDelayMs = (receiveCount: number): number =>
  Math.min(FIRST_RETRY_MS * 2 ** (receiveCount - 1), LONGEST_RETRY_MS);

/**
 * For `middy(sqsBatch(...), BATCH_TIMEOUT)`: a second before Lambda's time-out middy aborts the signal, and {@link sqsBatch} answers with
 * what was done until then. middy's own early answer, which would fail the whole batch, never comes.
 */
export const BATCH_TIMEOUT = {
  timeoutEarlyInMillis: 1_000,
  timeoutEarlyResponse: () => new Promise<never>(() => undefined),
};

const NEVER = new AbortController().signal;

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

const queueOf = (record: SQSRecord): string => record.eventSourceARN.split(':').at(-1) ?? '';
const receiveCountOf = (record: SQSRecord): number => Number(record.attributes.ApproximateReceiveCount);

/** `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=...`: https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html */
const traceOf = (record: SQSRecord): LogFields => {
  const root = /(?:^|;)Root=([^;]+)/.exec(record.attributes.AWSTraceHeader ?? '')?.[1];
  return root === undefined ? {} : { traceId: root };
};

/** Messages of one FIFO group go one after the other; all others side by side. */
const lanesOf = (records: readonly SQSRecord[]): SQSRecord[][] => {
  const lanes = new Map<string, SQSRecord[]>();
  for (const record of records) {
    const fifo = record.eventSourceARN.endsWith('.fifo');
    const lane = fifo ? `group/${record.attributes.MessageGroupId ?? ''}` : `message/${record.messageId}`;
    lanes.set(lane, [...(lanes.get(lane) ?? []), record]);
  }
  return [...lanes.values()];
};

/**
 * A Lambda consumer of one SQS batch with partial failures. By the family of the error: bad input will never work and is
 * logged and acked; anything else is reported as failed and comes again after a doubling delay, until the queue's redrive
 * policy parks it. What is not finished when the signal aborts is reported too. On a FIFO queue a group ends at its first
 * failure: the rest of the group is reported, else SQS would deliver it in the wrong order, and waits as long as the failed
 * one, since a message in flight holds its whole group back.
 */
export const sqsBatch =
  <T>(
    schema: z.ZodType<T>,
    handle: (message: T, scope: MessageScope) => Promise<unknown>,
    { log, correlate, delayRetry, observe, within = (_, run) => run() }: SqsBatchOptions<T>,
  ) =>
  async (
    event: Pick<SQSEvent, 'Records'>,
    _context?: unknown,
    { signal = NEVER }: { readonly signal?: AbortSignal } = {},
  ): Promise<SQSBatchResponse> => {
    const ids = new Map<SQSRecord, LogFields>();

    const attempt = async (record: SQSRecord): Promise<Outcome> => {
      let scoped = log.child({ messageId: record.messageId, receiveCount: receiveCountOf(record), ...traceOf(record) });
      try {
        const message = read(schema, record);
        const fields = correlate?.(message) ?? {};
        ids.set(record, { ...fields, ...traceOf(record) });
        scoped = scoped.child(fields);
        await within(record, () => handle(message, { log: scoped, signal }));
        return 'done';
      } catch (error) {
        if (error instanceof QuorateError && error.family === 'bad-input') {
          scoped.warn('message refused for good', { error });
          return 'refused';
        }
        const level = error instanceof QuorateError && error.family === 'transient' ? 'warn' : 'error';
        scoped[level]('message failed', { error });
        return 'failed';
      }
    };

    const aborted = new Promise<Outcome>((resolve) => {
      signal.addEventListener('abort', () => resolve('unfinished'), { once: true });
    });
    const settle = (record: SQSRecord): Promise<Outcome> | Outcome =>
      signal.aborted ? 'unfinished' : Promise.race([attempt(record), aborted]);

    const giveBack = async (record: SQSRecord, receiveCount: number): Promise<void> => {
      await delayRetry?.(record, retryDelayMs(receiveCount)).catch((error: unknown) => {
        log.warn('the next delivery waits for the time-out of the queue', { messageId: record.messageId, error });
      });
    };

    const runLane = async (records: readonly SQSRecord[]): Promise<SQSRecord[]> => {
      const tell = (record: SQSRecord, outcome: Outcome): void =>
        observe?.({
          queue: queueOf(record),
          messageId: record.messageId,
          receiveCount: receiveCountOf(record),
          sentAtMs: Number(record.attributes.SentTimestamp),
          outcome,
          ids: ids.get(record) ?? traceOf(record),
        });
      for (const [at, record] of records.entries()) {
        const outcome = await settle(record);
        tell(record, outcome);
        if (outcome === 'done' || outcome === 'refused') continue;
        const rest = records.slice(at);
        for (const held of rest.slice(1)) tell(held, 'held');
        await Promise.all(rest.map((back) => giveBack(back, receiveCountOf(record))));
        return rest;
      }
      return [];
    };

    const failed = new Set((await Promise.all(lanesOf(event.Records).map(runLane))).flat());
    // In the order of the batch, which SQS and its readers expect.
    const batchItemFailures = event.Records.filter((record) => failed.has(record)).map(({ messageId }) => ({
      itemIdentifier: messageId,
    }));
    return { batchItemFailures };
  };
