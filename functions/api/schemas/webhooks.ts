import { z } from '@hono/zod-openapi';

export const WebhookBody = z
  .strictObject({
    url: z.string().max(2_000),
    /** Event types wanted, such as `query.verified`; none means all. */
    types: z
      .array(z.string().regex(/^[a-z.-]{1,60}$/))
      .max(20)
      .default([]),
  })
  .openapi('NewWebhook');

export const WebhookView = z
  .strictObject({
    endpointId: z.string(),
    url: z.string(),
    types: z.array(z.string()),
    createdMs: z.number(),
    disabled: z.string().optional(),
  })
  .openapi('Webhook');
export type WebhookView = z.infer<typeof WebhookView>;
/** The only answer that carries the secret. */
export const NewWebhookView = WebhookView.extend({ secret: z.string() }).openapi('WebhookWithSecret');
export const WebhooksView = z.strictObject({ webhooks: z.array(WebhookView) }).openapi('Webhooks');

export const DeliveryView = z
  .strictObject({
    deliveryId: z.string(),
    type: z.string(),
    state: z.enum(['pending', 'delivered', 'given-up']),
    attempts: z.array(z.strictObject({ atMs: z.number(), status: z.int().optional(), error: z.string().optional() })),
    nextAttemptMs: z.number().nullable(),
  })
  .openapi('Delivery');
export type DeliveryView = z.infer<typeof DeliveryView>;
export const DeliveriesView = z
  .strictObject({ deliveries: z.array(DeliveryView), next: z.string().nullable() })
  .openapi('Deliveries');
