import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { isOutboxKey } from './outbox.ts';
import { DeliveryRow, type EndpointRow } from './rows/webhook.ts';
import { deliveryIdOf, replayWrites, signWebhook, webhookWrites } from './webhooks.ts';

const endpoint = (endpointId: string, change: Partial<EndpointRow> = {}): EndpointRow => ({
  endpointId,
  url: 'https://example.com/hook',
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  types: [],
  createdMs: 1,
  ...change,
});
const event = { id: 'c/7/0/verified', type: 'query.verified', data: { queryId: 7, attempt: 0, status: 'verified' } };

describe('signWebhook', () => {
  it('gives the signature of the Standard Webhooks vector (libraries/javascript/src/webhook.test.ts)', () => {
    const signature = signWebhook(
      'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      1_614_265_330_000,
      '{"test": 2432232314}',
    );
    expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('takes a secret with its prefix as the same one', () => {
    const sign = (secret: string) => signWebhook(secret, 'msg_1', 1_614_265_330_999, 'x');
    expect(sign('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')).toBe(sign('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'));
    expect(() => new Webhook('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')).not.toThrow();
  });
});

describe('webhookWrites', () => {
  it('makes one delivery and one message for each endpoint that wants the event', () => {
    const endpoints = [
      endpoint('ep_all'),
      endpoint('ep_other', { types: ['query.refunded'] }),
      endpoint('ep_off', { disabled: 'gone' }),
      endpoint('ep_this', { types: ['query.verified'] }),
    ];
    const writes = webhookWrites(event, endpoints, 5_000);
    expect(writes.map(({ key }) => (isOutboxKey(key) ? 'outbox' : key.pk))).toEqual([
      'deliveries/ep_all',
      'outbox',
      'deliveries/ep_this',
      'outbox',
    ]);
    const [first] = writes;
    const row = DeliveryRow.parse(first?.kind === 'put' ? first.body : undefined);
    expect(row).toMatchObject({ state: 'pending', attempts: [], endpointId: 'ep_all' });
    expect(JSON.parse(row.payload)).toEqual({
      type: 'query.verified',
      timestamp: '1970-01-01T00:00:05.000Z',
      data: {
        ...event.data,
        links: { query: '/v1/queries/7', result: '/v1/queries/7/result', why: '/v1/queries/7/why' },
      },
    });
  });

  it('gives the same writes for the same event, and other ids for other events and endpoints', () => {
    expect(webhookWrites(event, [endpoint('ep_a')], 1)).toEqual(webhookWrites(event, [endpoint('ep_a')], 1));
    expect(new Set([deliveryIdOf('a', 'b'), deliveryIdOf('a', 'c'), deliveryIdOf('ab', '')]).size).toBe(3);
  });

  it('writes nothing when nobody listens, and refuses a payload that receivers may refuse', () => {
    expect(webhookWrites(event, [], 1)).toEqual([]);
    const large = { ...event, data: { text: 'x'.repeat(21_000) } };
    expect(() => webhookWrites(large, [endpoint('ep_a')], 1)).toThrow(/at most 20000/);
  });

  it('replays under the same id, as a message of its own each time', () => {
    const row: DeliveryRow = {
      deliveryId: 'msg_1',
      endpointId: 'ep_1',
      payload: '{}',
      state: 'given-up',
      attempts: [{ atMs: 1, status: 500 }],
    };
    const [put, message] = replayWrites(row, 4, 9_000);
    expect(put).toMatchObject({ body: { ...row, state: 'pending' }, due: { at: 9_000 }, expect: { version: 4 } });
    expect(message?.key).toEqual({ pk: 'outbox/msg_1/replay/4', sk: 'deliver-webhook' });
  });
});
