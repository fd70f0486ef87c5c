import middy from '@middy/core';
import type { Context, SQSRecord } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FakeClock } from '../test/contracts/fakes.ts';
import { BadInputError, InvariantError, TransientError } from './errors.ts';
import { createLogger } from './log.ts';
import { BATCH_TIMEOUT, type HandledMessage, type MessageScope, retryDelayMs, sqsBatch } from './sqs-batch.ts';

const Message = z.strictObject({ n: z.int() });

const record = (
  messageId: string,
  body: string,
  group?: string,
  more: Partial<SQSRecord['attributes']> = {},
): SQSRecord => ({
  messageId,
  body,
  receiptHandle: messageId,
  attributes: {
    ApproximateReceiveCount: '1',
    SentTimestamp: '0',
    SenderId: 'x',
    ApproximateFirstReceiveTimestamp: '0',
    ...(group === undefined ? {} : { MessageGroupId: group }),
    ...more,
  },
  messageAttributes: {},
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: group === undefined ? 'arn:aws:sqs:eu-west-1:1:q' : 'arn:aws:sqs:eu-west-1:1:q.fifo',
  awsRegion: 'eu-west-1',
});

interface Options {
  readonly signal?: AbortSignal;
  readonly delayRetry?: (id: string, delayMs: number) => Promise<void>;
}

const batch = async (
  records: SQSRecord[],
  handle: (n: number, scope: MessageScope) => void | Promise<void>,
  { signal, delayRetry }: Options = {},
) => {
  const logged: string[] = [];
  const log = createLogger({ clock: new FakeClock(), sink: (line) => void logged.push(line), level: 'debug' });
  const seen: number[] = [];
  const delays: [string, number][] = [];
  const handled: HandledMessage[] = [];
  const run = sqsBatch(
    Message,
    async ({ n }, scope) => {
      seen.push(n);
      await handle(n, scope);
    },
    {
      log,
      correlate: ({ n }) => ({ queryId: n }),
      delayRetry: async ({ messageId }, delayMs) => {
        delays.push([messageId, delayMs]);
        await delayRetry?.(messageId, delayMs);
      },
      observe: (one) => void handled.push(one),
    },
  );
  const { batchItemFailures } = await run({ Records: records }, undefined, signal ? { signal } : {});
  const outcomes = Object.fromEntries(handled.map(({ messageId, outcome }) => [messageId, outcome]));
  return { failed: batchItemFailures.map((f) => f.itemIdentifier), seen, logged, delays, handled, outcomes };
};

describe('sqsBatch', () => {
  it('acks what succeeds and reports only what failed, in the order of the batch', async () => {
    const records = ['a', 'b', 'c', 'd'].map((id, n) => record(id, JSON.stringify({ n })));
    const result = await batch(records, (n) => {
      if (n === 1) throw new TransientError('later', 'later');
      if (n === 3) throw new InvariantError('broken', 'broken');
    });
    expect(result.failed).toEqual(['b', 'd']);
    expect(result.logged.map((line) => JSON.parse(line).level).sort()).toEqual(['error', 'warn']);
    expect(result.outcomes).toEqual({ a: 'done', b: 'failed', c: 'done', d: 'failed' });
  });

  it('acks and logs bad input, from the use case as from the message itself, without quoting it', async () => {
    const records = [record('a', '{"n":1}'), record('b', 'my secret prompt'), record('c', '{"n":"my secret prompt"}')];
    const result = await batch(records, () => {
      throw new BadInputError('no', 'never');
    });
    expect(result.failed).toEqual([]);
    expect(result.logged).toHaveLength(3);
    expect(result.logged.join()).not.toContain('secret prompt');
  });

  it('reports an error of no family as failed', async () => {
    const result = await batch([record('a', '{"n":1}')], () => {
      throw new TypeError('bug');
    });
    expect(result.failed).toEqual(['a']);
  });

  it('ends a FIFO group at its first failure and returns the rest of that group only', async () => {
    const records = [
      record('a1', '{"n":1}', 'a'),
      record('b1', '{"n":10}', 'b'),
      record('a2', '{"n":2}', 'a'),
      record('a3', '{"n":3}', 'a'),
      record('b2', '{"n":11}', 'b'),
    ];
    const result = await batch(records, (n) => {
      if (n === 2) throw new TransientError('later', 'later');
    });
    expect(result.failed).toEqual(['a2', 'a3']);
    expect(result.seen).not.toContain(3);
    expect(result.seen).toContain(11);
  });

  it('goes on with a FIFO group after bad input: nothing that comes later can make it right', async () => {
    const records = [record('a1', '{}', 'a'), record('a2', '{"n":2}', 'a')];
    const result = await batch(records, () => undefined);
    expect(result.failed).toEqual([]);
    expect(result.seen).toEqual([2]);
  });

  it('lets failed messages wait longer each time, from 250 ms to 30 s', async () => {
    const records = ['1', '2', '8', '20'].map((count) =>
      record(`at-${count}`, '{"n":1}', undefined, { ApproximateReceiveCount: count }),
    );
    const result = await batch(records, () => {
      throw new TransientError('later', 'later');
    });
    expect(result.delays).toEqual([
      ['at-1', 250],
      ['at-2', 500],
      ['at-8', 30_000],
      ['at-20', 30_000],
    ]);
    expect([1, 2, 3, 7, 8, 1_000].map(retryDelayMs)).toEqual([250, 500, 1_000, 16_000, 30_000, 30_000]);
  });

  it('lets the rest of a FIFO group wait as long as its failed message, since one in flight holds back all', async () => {
    const records = [
      record('a1', '{"n":1}', 'a', { ApproximateReceiveCount: '4' }),
      record('a2', '{"n":2}', 'a'),
      record('b1', '{"n":3}', 'b'),
    ];
    const result = await batch(records, (n) => {
      if (n === 1) throw new TransientError('later', 'later');
    });
    expect(result.delays).toEqual([
      ['a1', 2_000],
      ['a2', 2_000],
    ]);
    expect(result.outcomes).toEqual({ a1: 'failed', a2: 'held', b1: 'done' });
  });

  it('still reports a failed message whose wait cannot be set', async () => {
    const result = await batch(
      [record('a', '{"n":1}')],
      () => {
        throw new TransientError('later', 'later');
      },
      {
        delayRetry: async () => {
          throw new Error('no queue');
        },
      },
    );
    expect(result.failed).toEqual(['a']);
    expect(result.logged.at(-1)).toContain('no queue');
  });

  it('reports what is not finished when the signal aborts, and keeps what is done', async () => {
    const abort = new AbortController();
    const records = [
      record('slow', '{"n":1}', 'a'),
      record('after', '{"n":2}', 'a'),
      record('quick', '{"n":3}', 'b'),
      record('last', '{"n":4}', 'b'),
    ];
    const result = await batch(
      records,
      async (n, { signal }) => {
        expect(signal).toBe(abort.signal);
        if (n === 4) abort.abort();
        if (n === 1) await new Promise(() => undefined);
      },
      { signal: abort.signal },
    );
    expect(result.failed).toContain('slow');
    expect(result.failed).toContain('after');
    expect(result.failed).not.toContain('quick');
    expect(result.seen).not.toContain(2);
    expect(result.outcomes).toMatchObject({ slow: 'unfinished', after: 'held', quick: 'done' });
  });

  it('begins nothing after the signal has aborted', async () => {
    const result = await batch([record('a', '{"n":1}')], () => undefined, { signal: AbortSignal.abort() });
    expect([result.failed, result.seen]).toEqual([['a'], []]);
  });

  it('answers under middy before the time of Lambda is over, though a message never ends', async () => {
    const log = createLogger({ clock: new FakeClock(), sink: () => undefined });
    const handler = middy(
      sqsBatch(Message, ({ n }) => (n === 1 ? new Promise(() => undefined) : Promise.resolve()), { log }),
      BATCH_TIMEOUT,
    );
    // A second and a little are left: the answer is due at once.
    const context = { getRemainingTimeInMillis: () => BATCH_TIMEOUT.timeoutEarlyInMillis + 20 } as Context;
    const records = [record('stuck', '{"n":1}'), record('fine', '{"n":2}')];
    expect(await handler({ Records: records }, context)).toEqual({ batchItemFailures: [{ itemIdentifier: 'stuck' }] });
  });

  it('carries the ids and the trace of a message in each of its lines, and in what is observed', async () => {
    const AWSTraceHeader = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';
    const records = [record('a', '{"n":7}', undefined, { AWSTraceHeader }), record('b', '{"n":8}')];
    const result = await batch(records, (_, { log }) => log.info('at work'));
    const lines = result.logged.map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { messageId: 'a', queryId: 7, traceId: '1-5759e988-bd862e3fe1be46a994272793' },
      { messageId: 'b', queryId: 8 },
    ]);
    expect(lines[1]).not.toHaveProperty('traceId');
    expect(result.handled).toMatchObject([
      { queue: 'q', receiveCount: 1, ids: { queryId: 7, traceId: '1-5759e988-bd862e3fe1be46a994272793' } },
      { queue: 'q', ids: { queryId: 8 } },
    ]);
  });
});
