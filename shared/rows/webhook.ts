import { z } from 'zod';
import type { Key } from '../ports/store.ts';

/** A receiver of lifecycle events. */
export const EndpointRow = z.strictObject({
  endpointId: z.string(),
  url: z.url(),
  /** `whsec_` + base64 of 24 to 64 bytes (Standard Webhooks). */
  secret: z.string(),
  /** Event types wanted; empty means all. */
  types: z.array(z.string()),
  createdMs: z.number(),
  disabled: z.string().optional(),
});
export type EndpointRow = z.infer<typeof EndpointRow>;

export const ENDPOINTS = 'webhook-endpoints';
export const endpointKey = (endpointId: string): Key => ({ pk: ENDPOINTS, sk: endpointId });

export const DeliveryRow = z.strictObject({
  /** The `webhook-id` header: the same on every attempt and replay of one event to one endpoint. */
  deliveryId: z.string(),
  endpointId: z.string(),
  /** JSON text that is sent and signed. */
  payload: z.string(),
  state: z.enum(['pending', 'delivered', 'given-up']),
  attempts: z.array(z.strictObject({ atMs: z.number(), status: z.int().optional(), error: z.string().optional() })),
});
export type DeliveryRow = z.infer<typeof DeliveryRow>;

export const deliveriesPartition = (endpointId: string): string => `deliveries/${endpointId}`;
export const deliveryKey = (endpointId: string, deliveryId: string): Key => ({
  pk: deliveriesPartition(endpointId),
  sk: deliveryId,
});

/** Due list of deliveries by the time (ms) of their next attempt. */
export const WEBHOOK_RETRIES = 'webhook-retry';

/** Queue `deliver-webhook`. */
export const DeliverWebhookMessage = z.strictObject({ endpointId: z.string(), deliveryId: z.string() });
