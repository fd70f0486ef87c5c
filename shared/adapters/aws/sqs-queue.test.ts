import { SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../test/contracts/fakes.ts';
import type { QueueName } from '../../messages/queues.ts';
import type { OutgoingMessage } from '../../ports/queue.ts';
import { openSqsQueue } from './sqs-queue.ts';

interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly MessageDeduplicationId?: string;
}
interface Request {
  readonly target: string;
  readonly body: { readonly Entries?: readonly Entry[] } & Readonly<Record<string, unknown>>;
}
type Answer = { readonly status?: number; readonly body: object } | 'lost';

const fault = (name: string, status = 400): Answer => ({
  status,
  body: { __type: `com.amazonaws.sqs#${name}`, message: 'as scripted' },
});
const refuse = (entries: readonly Entry[], ids: readonly string[], Code: string, SenderFault: boolean): Answer => ({
  body: {
    Successful: entries.filter(({ Id }) => !ids.includes(Id)).map(({ Id }) => ({ Id, MessageId: Id })),
    Failed: ids.map((Id) => ({ Id, Code, SenderFault, Message: 'as scripted' })),
  },
});

/** A real SDK client whose HTTP answers are scripted: the nth request gets the nth answer, and the last one stands for all after it. */
const scripted = (...answers: readonly ((request: Request) => Answer)[]) => {
  const requests: Request[] = [];
  const client = new SQSClient({
    region: 'us-east-1',
    endpoint: 'http://sqs.test',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    md5: false,
    maxAttempts: 2,
    requestHandler: {
      handle: async ({ headers, body }: { headers: Record<string, string>; body: Uint8Array }) => {
        const request = {
          target: headers['x-amz-target']?.split('.')[1] ?? '',
          body: JSON.parse(new TextDecoder().decode(body)),
        };
        requests.push(request);
        const answer = (answers[requests.length - 1] ?? answers.at(-1))?.(request) ?? { body: {} };
        if (answer === 'lost')
          throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', name: 'TimeoutError' });
        const bytes = new TextEncoder().encode(JSON.stringify(answer.body));
        return {
          response: {
            statusCode: answer.status ?? 200,
            headers: { 'content-type': 'application/x-amz-json-1.0' },
            body: new Blob([bytes]).stream(),
          },
        };
      },
    },
  });
  const urls = { 'advance-run': 'http://sqs.test/1/q', 'send-transaction': 'http://sqs.test/1/q.fifo' };
  return { requests, queue: openSqsQueue({ client, urls, random: seededRandom(1) }) };
};

const STANDARD = 'advance-run' satisfies QueueName;
const FIFO = 'send-transaction' satisfies QueueName;
const messages = (count: number, body = '{}'): OutgoingMessage[] =>
  Array.from({ length: count }, (_, i) => ({ id: `m${i}`, group: 'g', body }));
const accept = ({ body }: Request): Answer => refuse(body.Entries ?? [], [], '', false);

describe('sending to SQS', () => {
  it('takes ten messages a request, and no more than a mebibyte', async () => {
    const { queue, requests } = scripted(accept);
    await queue.send(STANDARD, messages(23));
    await queue.send(STANDARD, messages(9, 'x'.repeat(250 * 1024)));
    expect(requests.map(({ body }) => body.Entries?.length)).toEqual([10, 10, 3, 4, 4, undefined]);
    for (const { body } of requests) {
      const bytes = (body.Entries ?? []).reduce((sum, { MessageBody }) => sum + MessageBody.length, 0);
      expect(bytes).toBeLessThanOrEqual(1_048_576);
    }
  });

  it('carries domain id, group, delay and trace', async () => {
    const { queue, requests } = scripted(accept);
    const trace = 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1';
    await queue.send(STANDARD, [{ id: 'm', group: 'g', body: '{}', delayMs: 1_001, trace }]);
    expect(requests).toMatchObject([
      {
        target: 'SendMessage',
        body: {
          MessageGroupId: 'g',
          DelaySeconds: 2,
          MessageAttributes: { id: { DataType: 'String', StringValue: 'm' } },
          MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: trace } },
        },
      },
    ]);
    expect(requests[0]?.body).not.toHaveProperty('MessageDeduplicationId');
  });

  it('sends only what was refused again, as the same FIFO messages', async () => {
    const { queue, requests } = scripted(
      ({ body }) => refuse(body.Entries ?? [], ['1', '2'], 'InternalError', false),
      accept,
    );
    await queue.send(FIFO, messages(3));
    const [first, second] = requests.map(({ body }) => body.Entries?.map((entry) => entry.MessageDeduplicationId));
    expect(second).toEqual(first?.slice(1));
    await queue.send(FIFO, messages(3));
    expect(requests[2]?.body.Entries?.map((entry) => entry.MessageDeduplicationId)).not.toEqual(first);
  });

  it('fails as transient when a message is refused each of three times, for throttling too', async () => {
    for (const [code, sendersFault] of [
      ['InternalError', false],
      ['ThrottlingException', true],
    ] as const) {
      const { queue, requests } = scripted(({ body }) =>
        body.Entries ? refuse(body.Entries, ['0'], code, sendersFault) : fault(code, sendersFault ? 400 : 500),
      );
      await expect(queue.send(STANDARD, messages(2))).rejects.toMatchObject({ family: 'transient' });
      expect(requests.length).toBeLessThanOrEqual(4);
    }
  });

  it('fails for good when SQS finds fault with a message itself', async () => {
    const { queue } = scripted(({ body }) => refuse(body.Entries ?? [], ['0', '1'], 'InvalidMessageContents', true));
    await expect(queue.send(STANDARD, messages(2))).rejects.toMatchObject({ family: 'invariant', code: 'aws-refused' });
  });

  it('sends again when the answer was lost, on FIFO under the same deduplication id, so that it arrives once', async () => {
    const { queue, requests } = scripted(() => 'lost', accept);
    await queue.send(FIFO, messages(1));
    expect(requests).toHaveLength(2);
    expect(requests[1]?.body).toEqual(requests[0]?.body);
  });

  it('fails as transient when no answer comes at all, or always a refusal to go so fast', async () => {
    const lost = scripted(() => 'lost');
    await expect(lost.queue.send(STANDARD, messages(2))).rejects.toMatchObject({ code: 'aws-unreachable' });
    const busy = scripted(() => fault('RequestThrottled'));
    await expect(busy.queue.receive(STANDARD, 1)).rejects.toMatchObject({ code: 'aws-throttled' });
    expect(busy.requests).toHaveLength(2);
  });
});

describe('receipts of SQS', () => {
  it.each(['ReceiptHandleIsInvalid', 'MessageNotInflight', 'InvalidParameterValue'])('ignores %s', async (name) => {
    const { queue } = scripted(() => fault(name));
    await queue.ack(FIFO, 'stale');
    await queue.retry(FIFO, 'stale', 0);
    await queue.hide(FIFO, 'stale', 0);
  });

  it('fails when the queue is not there, or was not given', async () => {
    const { queue } = scripted(() => fault('QueueDoesNotExist'));
    await expect(queue.ack(STANDARD, 'r')).rejects.toMatchObject({ family: 'invariant' });
    await expect(queue.ack('start-job', 'r')).rejects.toMatchObject({ code: 'unknown-queue' });
  });

  it('rounds a wait up to whole seconds', async () => {
    const { queue, requests } = scripted(() => ({ body: {} }));
    for (const delayMs of [0, 1, 250, 1_000, 1_001]) await queue.retry(STANDARD, 'r', delayMs);
    expect(requests.map(({ body }) => body.VisibilityTimeout)).toEqual([0, 1, 1, 1, 2]);
  });
});
