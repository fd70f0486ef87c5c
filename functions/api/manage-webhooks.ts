import { z } from 'zod';
import { BadInputError } from '../../shared/errors.ts';
import type { Row } from '../../shared/ports/store.ts';
import { toBase64, toHex } from '../../shared/protocol/encoding.ts';
import {
  DeliveryRow,
  deliveriesPartition,
  deliveryKey,
  ENDPOINTS,
  EndpointRow,
  endpointKey,
} from '../../shared/rows/webhook.ts';
import { MAX_ENDPOINTS, replayWrites } from '../../shared/webhooks.ts';
import type { ApiDeps } from './deps.ts';
import type { DeliveryView, WebhookView } from './schemas/webhooks.ts';

/** Standard Webhooks: 24 to 64 bytes. */
const SECRET_BYTES = 32;

const viewEndpoint = ({ secret: _, disabled, ...row }: EndpointRow): WebhookView => ({
  ...row,
  ...(disabled !== undefined && { disabled }),
});

/**
 * Registers a receiver. Its secret is shown this once.
 * @throws {BadInputError} `too-many-webhooks`, and what the sender refuses of the address
 */
export const addWebhook = async (deps: ApiDeps, { url, types }: { url: string; types: readonly string[] }) => {
  deps.checkWebhookUrl(url);
  const endpoints = await deps.store.list(ENDPOINTS, { limit: MAX_ENDPOINTS });
  if (endpoints.length >= MAX_ENDPOINTS) {
    throw new BadInputError('too-many-webhooks', `there are ${endpoints.length} webhooks, the most allowed`, {
      next: 'DELETE one of GET /v1/webhooks first.',
      details: { max: MAX_ENDPOINTS },
    });
  }
  const row: EndpointRow = {
    endpointId: `ep_${toHex(deps.random.bytes(12))}`,
    url,
    secret: `whsec_${toBase64(deps.random.bytes(SECRET_BYTES))}`,
    types: [...types],
    createdMs: deps.clock.nowMs(),
  };
  await deps.store.transact([{ kind: 'put', key: endpointKey(row.endpointId), body: row, expect: 'absent' }]);
  return { ...viewEndpoint(row), secret: row.secret };
};

export const listWebhooks = async ({ store }: ApiDeps): Promise<WebhookView[]> =>
  (await store.list(ENDPOINTS, { limit: 100 })).map((row) => viewEndpoint(EndpointRow.parse(row.body)));

const endpointRow = async ({ store }: ApiDeps, endpointId: string): Promise<EndpointRow> => {
  const row = await store.get(endpointKey(endpointId));
  if (row) return EndpointRow.parse(row.body);
  throw new BadInputError('unknown-webhook', `no webhook ${endpointId}`, {
    next: 'Choose one of GET /v1/webhooks.',
    details: { endpointId },
  });
};

/** Its deliveries stay in the log and are not sent any more. @throws {BadInputError} `unknown-webhook` */
export const removeWebhook = async (deps: ApiDeps, endpointId: string): Promise<void> => {
  await endpointRow(deps, endpointId);
  await deps.store.transact([{ kind: 'delete', key: endpointKey(endpointId), expect: 'any' }]);
};

const Payload = z.object({ type: z.string() });

const viewDelivery = ({ body, due }: Row): DeliveryView => {
  const { deliveryId, state, payload, attempts } = DeliveryRow.parse(body);
  return {
    deliveryId,
    type: Payload.parse(JSON.parse(payload)).type,
    state,
    attempts: attempts.map(({ atMs, status, error }) => ({
      atMs,
      ...(status !== undefined && { status }),
      ...(error !== undefined && { error }),
    })),
    nextAttemptMs: due?.at ?? null,
  };
};

/** @throws {BadInputError} `unknown-webhook` */
export const listDeliveries = async (deps: ApiDeps, endpointId: string, after: string | undefined, limit: number) => {
  await endpointRow(deps, endpointId);
  const page = { limit: limit + 1, ...(after !== undefined && { after }) };
  const rows = await deps.store.list(deliveriesPartition(endpointId), page);
  const shown = rows.slice(0, limit);
  return { deliveries: shown.map(viewDelivery), next: rows.length > limit ? (shown.at(-1)?.sk ?? null) : null };
};

/** Sends a delivery again at once, under the same id. @throws {BadInputError} `unknown-webhook`, `unknown-delivery`, `webhook-disabled` */
export const replayDelivery = async (deps: ApiDeps, endpointId: string, deliveryId: string): Promise<DeliveryView> => {
  const { disabled } = await endpointRow(deps, endpointId);
  if (disabled !== undefined) {
    throw new BadInputError('webhook-disabled', `webhook ${endpointId} is disabled: ${disabled}`, {
      next: 'DELETE it and POST it again when its receiver is back.',
      details: { endpointId },
    });
  }
  const key = deliveryKey(endpointId, deliveryId);
  const stored = await deps.store.get(key);
  if (!stored) {
    throw new BadInputError('unknown-delivery', `webhook ${endpointId} has no delivery ${deliveryId}`, {
      next: `Choose one of GET /v1/webhooks/${endpointId}/deliveries.`,
      details: { endpointId, deliveryId },
    });
  }
  await deps.store.transact(replayWrites(DeliveryRow.parse(stored.body), stored.version, deps.clock.nowMs()));
  return viewDelivery((await deps.store.get(key)) ?? stored);
};
