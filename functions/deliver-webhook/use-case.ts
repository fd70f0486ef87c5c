import type { z } from 'zod';
import { QuorateError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { Metrics } from '../../shared/metrics.ts';
import type { Clock, Random } from '../../shared/ports/clock.ts';
import type { Row, Store, Write } from '../../shared/ports/store.ts';
import { ConditionFailedError } from '../../shared/ports/store-errors.ts';
import {
  type DeliverWebhookMessage,
  DeliveryRow,
  deliveryKey,
  EndpointRow,
  endpointKey,
  WEBHOOK_RETRIES,
} from '../../shared/rows/webhook.ts';
import { signWebhook } from '../../shared/webhooks.ts';
import { nextWaitMs, WAITS_MS } from './schedule.ts';

export interface DeliverDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  /** Follows no redirects, gives up by itself after 15 to 30 s, and refuses addresses that are not public. */
  readonly post: (
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string,
    signal?: AbortSignal,
  ) => Promise<{ readonly status: number }>;
  readonly signal?: AbortSignal;
  readonly log?: Pick<Logger, 'info'>;
  readonly metrics?: Metrics;
}

/** A claimed delivery is not swept for this long: longer than any post takes. */
const CLAIM_MS = 60_000;

type Attempt = DeliveryRow['attempts'][number];

/**
 * One attempt at one delivery, if it is due. Its end is written to the row, with the time of the next attempt in the due
 * list; so a failing receiver never fails the message. A crash between post and write sends again, under the same id.
 */
export const deliver = async (deps: DeliverDeps, message: z.infer<typeof DeliverWebhookMessage>): Promise<void> => {
  const nowMs = deps.clock.nowMs();
  const key = deliveryKey(message.endpointId, message.deliveryId);
  const [stored, endpointRow] = await Promise.all([
    deps.store.get(key),
    deps.store.get(endpointKey(message.endpointId)),
  ]);
  if (!stored) return;
  const delivery = DeliveryRow.parse(stored.body);
  if (delivery.state !== 'pending' || isEarly(delivery, stored.due?.at ?? 0, nowMs)) return;
  const endpoint = endpointRow && EndpointRow.parse(endpointRow.body);
  if (!endpoint || endpoint.disabled !== undefined) {
    const error = endpoint ? `the webhook is disabled: ${endpoint.disabled}` : 'the webhook was deleted';
    await deps.store.transact([end(stored, { ...delivery, state: 'given-up' }, { atMs: nowMs, error })]);
    return;
  }
  if (!(await claim(deps, stored, nowMs))) return;
  const attempt = await send(deps, endpoint, delivery);
  await record(deps, stored, delivery, attempt, endpointRow);
};

/**
 * A repeated message must not shorten the wait after a failure. The due time alone does not tell: the sweep moves it when it
 * sends the message; a replay sets it to now, whatever the schedule says.
 */
const isEarly = ({ attempts }: DeliveryRow, dueMs: number, nowMs: number): boolean => {
  const last = attempts.at(-1);
  return last !== undefined && dueMs > nowMs && nowMs < last.atMs + (WAITS_MS[attempts.length] ?? 0);
};

/** False when another message for the same delivery was faster. */
const claim = async ({ store }: DeliverDeps, row: Row, nowMs: number): Promise<boolean> => {
  const { pk, sk, version, body } = row;
  const due = { list: WEBHOOK_RETRIES, at: nowMs + CLAIM_MS };
  try {
    await store.transact([{ kind: 'put', key: { pk, sk }, body, due, expect: { version } }]);
    return true;
  } catch (error) {
    if (error instanceof ConditionFailedError) return false;
    throw error;
  }
};

const send = async (deps: DeliverDeps, endpoint: EndpointRow, delivery: DeliveryRow): Promise<Attempt> => {
  const atMs = deps.clock.nowMs();
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'quorate-webhooks/1',
    'webhook-id': delivery.deliveryId,
    'webhook-timestamp': String(Math.floor(atMs / 1000)),
    'webhook-signature': signWebhook(endpoint.secret, delivery.deliveryId, atMs, delivery.payload),
  };
  try {
    const { status } = await deps.post(endpoint.url, headers, delivery.payload, deps.signal);
    if (status >= 200 && status < 300) return { atMs, status };
    return { atMs, status, error: `the receiver answered ${status}${status < 400 ? ', a redirect' : ''}` };
  } catch (error) {
    // A shutdown is no answer of the receiver: the claim runs out and the delivery is due again.
    deps.signal?.throwIfAborted();
    return { atMs, error: error instanceof QuorateError ? error.message : 'the request failed' };
  }
};

const end = ({ pk, sk, version }: Row, body: DeliveryRow, attempt: Attempt, due?: Row['due']): Write => ({
  kind: 'put',
  key: { pk, sk },
  body: { ...body, attempts: [...body.attempts, attempt] } satisfies DeliveryRow,
  expect: { version },
  ...(due && { due }),
});

const record = async (
  deps: DeliverDeps,
  before: Row,
  delivery: DeliveryRow,
  attempt: Attempt,
  endpoint: Row,
): Promise<void> => {
  const claimed = { ...before, version: before.version + 1 };
  const delivered = attempt.error === undefined;
  const gone = attempt.status === 410;
  const waitMs = nextWaitMs(delivery.attempts.length + 1, attempt.status, deps.random);
  const { deliveryId, endpointId } = delivery;
  deps.log?.info('webhook sent', { deliveryId, endpointId, status: attempt.status, delivered });
  if (!delivered) deps.metrics?.count('WebhookFailures', 1);
  if (delivered || gone || waitMs === undefined) {
    const write = end(claimed, { ...delivery, state: delivered ? 'delivered' : 'given-up' }, attempt);
    await deps.store.transact(gone ? [write, disable(endpoint, attempt.atMs)] : [write]);
    return;
  }
  const due = { list: WEBHOOK_RETRIES, at: deps.clock.nowMs() + waitMs };
  await deps.store.transact([end(claimed, delivery, attempt, due)]);
};

/** 410 Gone: the receiver wants nothing more, ever (Standard Webhooks). */
const disable = ({ pk, sk, version, body }: Row, atMs: number): Write => ({
  kind: 'put',
  key: { pk, sk },
  body: { ...EndpointRow.parse(body), disabled: `the receiver answered 410 Gone at ${atMs} ms` } satisfies EndpointRow,
  expect: { version },
});
