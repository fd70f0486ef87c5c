import middy from '@middy/core';
import type { Context, SQSRecord } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../test/contracts/fakes.ts';
import { TransientError } from '../errors.ts';
import type { Queue } from '../ports/queue.ts';
import { currentTrace } from '../trace.ts';
import { batchHooks, observe } from './observe.ts';
import { onion } from './onion.ts';

type Line = Record<string, unknown>;

/** Everything that Powertools writes goes through the process's own streams: it has a console of its own, as on Lambda. */
const written: Line[] = [];
const keep = (chunk: unknown): boolean => {
  for (const line of String(chunk).split('\n').filter(Boolean)) {
    try {
      written.push(JSON.parse(line));
    } catch {
      // The test runner's own.
    }
  }
  return true;
};

beforeEach(() => {
  written.length = 0;
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
  vi.spyOn(process.stderr, 'write').mockImplementation(keep);
});
afterEach(() => vi.restoreAllMocks());

const context = { awsRequestId: 'r-1', functionName: 'q-api', getRemainingTimeInMillis: () => 9_000 } as Context;
const open = () => observe({ DEPLOYMENT: 'q', LOG_LEVEL: 'info' });
const clock = new FakeClock();

describe('a line of a function', () => {
  it('names level, message and invocation, and hides secrets, prompts and payloads', () => {
    const { log } = open();
    log.begin(context);
    log.child({ queryId: 7 }).info('asked', {
      prompt: 'tell me',
      apiKey: 'k',
      body: '{"a":1}',
      inputHash: 'ab'.repeat(32),
      error: new TransientError('rpc-unavailable', 'down', { details: { token: 't' } }),
    });
    expect(written).toHaveLength(1);
    expect(written[0]).toMatchObject({
      level: 'INFO',
      message: 'asked',
      function_request_id: 'r-1',
      queryId: 7,
      prompt: '[redacted]',
      apiKey: '[redacted]',
      body: '[redacted]',
      inputHash: 'ab'.repeat(32),
      error: { code: 'rpc-unavailable', family: 'transient', details: { token: '[redacted]' } },
    });
    expect(written[0]).toHaveProperty('cold_start');
  });

  it('keeps fields that are called like one of its own, and leaves out levels that are not wanted', () => {
    const { log } = open();
    log.debug('never');
    log.warn('said', { level: 9, message: 'other', timestamp: 1 });
    expect(written).toEqual([
      expect.objectContaining({ level: 'WARN', message: 'said', field_level: 9, field_message: 'other' }),
    ]);
  });
});

describe('around a handler', () => {
  it('writes one line where nothing else was written, and what was counted', async () => {
    const { log, metrics } = open();
    const handler = middy(async () => {
      metrics.count('Anomalies', 2);
      metrics.gauge('ChainLagBlocks', 5);
      return { sent: 3 };
    }).use(onion({ log, metrics, clock }, (answer: { sent: number }) => answer));
    expect(await handler({}, context)).toEqual({ sent: 3 });
    expect(written[0]).toMatchObject({ message: 'invoked', sent: 3, tookMs: 0 });
    expect(written[1]).toMatchObject({
      service: 'quorate',
      Anomalies: 2,
      ChainLagBlocks: 5,
      _aws: { CloudWatchMetrics: [{ Namespace: 'q', Dimensions: [['service']] }] },
    });
    expect(written).toHaveLength(2);
  });

  it('adds no line to those of the handler', async () => {
    const { log, metrics } = open();
    const handler = middy(async () => log.info('message')).use(onion({ log, metrics, clock }));
    await handler({}, context);
    await handler({}, context);
    expect(written.map(({ message }) => message)).toEqual(['message', 'message']);
  });

  it('writes the error and the metrics of a failure, and lets it go on', async () => {
    const { log, metrics } = open();
    const handler = middy(async () => {
      metrics.count('WebhookFailures', 1);
      throw new TransientError('rpc-unavailable', 'down');
    }).use(onion({ log, metrics, clock }));
    await expect(handler({}, context)).rejects.toMatchObject({ code: 'rpc-unavailable' });
    expect(written[0]).toMatchObject({
      level: 'ERROR',
      message: 'invocation failed',
      error: { code: 'rpc-unavailable' },
    });
    expect(written[1]).toMatchObject({ WebhookFailures: 1 });
  });
});

describe('what a consumer adds to its handler', () => {
  it('gives back by the receipt, keeps the trace of the message, and tells of each once', async () => {
    const { log } = open();
    const retried: unknown[] = [];
    const queue = { retry: async (...args: unknown[]) => void retried.push(args) } as unknown as Queue;
    const hooks = batchHooks('advance-run', queue, log, clock);
    const record = { receiptHandle: 'rh', attributes: { AWSTraceHeader: 'Root=1-m' } } as unknown as SQSRecord;
    await hooks.delayRetry?.(record, 500);
    expect(retried).toEqual([['advance-run', 'rh', 500]]);
    expect(await hooks.within?.(record, async () => currentTrace())).toBe('Root=1-m');
    const handled = { queue: 'q-advance-run', messageId: 'id', receiveCount: 2, sentAtMs: clock.nowMs() - 40 };
    hooks.observe?.({ ...handled, outcome: 'done', ids: { queryId: 7, traceId: '1-m' } });
    expect(written).toEqual([
      expect.objectContaining({ message: 'message', outcome: 'done', ageMs: 40, queryId: 7, traceId: '1-m' }),
    ]);
  });
});
