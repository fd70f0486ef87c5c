import { Webhook } from 'standardwebhooks';
import { InvariantError } from './errors.ts';
import { outboxWrite } from './outbox.ts';
import type { Write } from './ports/store.ts';
import { frame, toHex, utf8 } from './protocol/encoding.ts';
import { sha256 } from './protocol/sha2.ts';
import { type DeliveryRow, deliveryKey, type EndpointRow, WEBHOOK_RETRIES } from './rows/webhook.ts';

/** Something a receiver may want to hear of. `data` holds ids and digests, never a prompt or a result. */
export interface WebhookEvent {
  /** The same event always has the same id. */
  readonly id: string;
  /** Such as `query.verified`. */
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Most endpoints of a deployment: one event's writes for all of them must fit one transaction beside what caused it. */
export const MAX_ENDPOINTS = 20;

/** Standard Webhooks 1.0.0 asks for bodies under 20 KB. */
export const MAX_PAYLOAD_BYTES = 20_000;

/** The first message is on its way at once; the sweep helps only when it was lost. */
const FIRST_SWEEP_MS = 15_000;

/** The `webhook-id` of an event for an endpoint: the receiver's key for noticing repeats. */
export const deliveryIdOf = (eventId: string, endpointId: string): string =>
  `msg_${toHex(sha256(frame('quorate/webhook/v1', [utf8(eventId), utf8(endpointId)]))).slice(0, 32)}`;

const linksOf = (queryId: unknown): Record<string, string> | undefined =>
  typeof queryId === 'number'
    ? { query: `/v1/queries/${queryId}`, result: `/v1/queries/${queryId}/result`, why: `/v1/queries/${queryId}/why` }
    : undefined;

const payloadOf = (event: WebhookEvent, nowMs: number): string => {
  const links = linksOf(event.data.queryId);
  const data = links ? { ...event.data, links } : event.data;
  const payload = JSON.stringify({ type: event.type, timestamp: new Date(nowMs).toISOString(), data });
  const sizeBytes = utf8(payload).length;
  if (sizeBytes > MAX_PAYLOAD_BYTES) {
    throw new InvariantError(
      'webhook-payload-too-large',
      `the payload of event ${event.id} has ${sizeBytes} bytes, at most ${MAX_PAYLOAD_BYTES} are allowed`,
    );
  }
  return payload;
};

const message = (endpointId: string, deliveryId: string, suffix: string) => ({
  id: `${deliveryId}/${suffix}`,
  group: endpointId,
  body: JSON.stringify({ endpointId, deliveryId }),
});

/**
 * The writes that send an event to every endpoint that wants it, to stand in the transaction of the state change. Ids are
 * made of the event's and the endpoint's; `expect: 'any'`, since a repeated event is at worst a repeated delivery under
 * the same `webhook-id`, while a refused write would hold up the state change itself.
 */
export const webhookWrites = (event: WebhookEvent, endpoints: readonly EndpointRow[], nowMs: number): Write[] => {
  const wanted = endpoints.filter(
    ({ disabled, types }) => disabled === undefined && (types.length === 0 || types.includes(event.type)),
  );
  if (wanted.length === 0) return [];
  const payload = payloadOf(event, nowMs);
  return wanted.flatMap(({ endpointId }) => {
    const deliveryId = deliveryIdOf(event.id, endpointId);
    const body: DeliveryRow = { deliveryId, endpointId, payload, state: 'pending', attempts: [] };
    return wake(body, 'first', nowMs, nowMs + FIRST_SWEEP_MS, 'any');
  });
};

const wake = (
  row: DeliveryRow,
  suffix: string,
  nowMs: number,
  dueMs: number,
  expect: 'any' | { version: number },
): Write[] => [
  {
    kind: 'put',
    key: deliveryKey(row.endpointId, row.deliveryId),
    body: row,
    due: { list: WEBHOOK_RETRIES, at: dueMs },
    expect,
  },
  outboxWrite('deliver-webhook', message(row.endpointId, row.deliveryId, suffix), nowMs),
];

/** The writes that send a delivery once more, whatever became of it; its log and its `webhook-id` stay. */
export const replayWrites = (row: DeliveryRow, version: number, nowMs: number): Write[] =>
  wake({ ...row, state: 'pending' }, `replay/${version}`, nowMs, nowMs, { version });

/**
 * The `webhook-signature` header (Standard Webhooks 1.0.0, symmetric): `v1,` + base64 of HMAC-SHA-256 over
 * `id.seconds.payload`.
 */
export const signWebhook = (secret: string, id: string, timestampMs: number, payload: string): string =>
  new Webhook(secret).sign(id, new Date(timestampMs), payload);
