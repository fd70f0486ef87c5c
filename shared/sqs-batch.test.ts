import type { SQSRecord } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BadInputError, InvariantError, TransientError } from './errors.ts';
import { sqsBatch } from './sqs-batch.ts';

const Message = z.strictObject({ n: z.int() });

const record = (messageId: string, body: string, group?: string): SQSRecord => ({
  messageId,
  body,
  receiptHandle: messageId,
  attributes: {
    ApproximateReceiveCount: '1',
    SentTimestamp: '0',
    SenderId: 'x',
    ApproximateFirstReceiveTimestamp: '0',
    ...(group === undefined ? {} : { MessageGroupId: group }),
  },
  messageAttributes: {},
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: group === undefined ? 'arn:aws:sqs:eu-west-1:1:q' : 'arn:aws:sqs:eu-west-1:1:q.fifo',
  awsRegion: 'eu-west-1',
});

const batch = async (records: SQSRecord[], handle: (n: number) => void) => {
  const logged: string[] = [];
  const note = (level: string) => (msg: string, fields?: unknown) =>
    void logged.push(`${level} ${msg} ${JSON.stringify(fields)}`);
  const seen: number[] = [];
  const run = sqsBatch(
    Message,
    async ({ n }) => {
      seen.push(n);
      handle(n);
    },
    { log: { warn: note('warn'), error: note('error') } },
  );
  const { batchItemFailures } = await run({ Records: records });
  return { failed: batchItemFailures.map((f) => f.itemIdentifier), seen, logged };
};

describe('sqsBatch', () => {
  it('acks what succeeds and reports only what failed, in the order of the batch', async () => {
    const records = ['a', 'b', 'c', 'd'].map((id, n) => record(id, JSON.stringify({ n })));
    const result = await batch(records, (n) => {
      if (n === 1) throw new TransientError('later', 'later');
      if (n === 3) throw new InvariantError('broken', 'broken');
    });
    expect(result.failed).toEqual(['b', 'd']);
    expect(result.logged.map((line) => line.split(' ')[0]).sort()).toEqual(['error', 'warn']);
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
});
