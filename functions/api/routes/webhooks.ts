import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { bodyLimit } from 'hono/body-limit';
import { BadInputError } from '../../../shared/errors.ts';
import { NEEDS_KEY } from '../authorize.ts';
import type { ApiDeps } from '../deps.ts';
import { addWebhook, listDeliveries, listWebhooks, removeWebhook, replayDelivery } from '../manage-webhooks.ts';
import { answers, Limit } from '../schemas/common.ts';
import { DeliveriesView, DeliveryView, NewWebhookView, WebhookBody, WebhooksView } from '../schemas/webhooks.ts';

const MAX_BODY_BYTES = 16 * 1024;
const id = z.string().regex(/^[a-z0-9_]{1,64}$/, 'expected an id of this API');
const params = z.object({ endpointId: id });

const tooLarge = (): never => {
  throw new BadInputError('body-too-large', `a webhook may have at most ${MAX_BODY_BYTES} bytes`, {
    details: { maxBytes: MAX_BODY_BYTES },
  });
};

const post = createRoute({
  method: 'post',
  path: '/v1/webhooks',
  security: NEEDS_KEY,
  summary: 'Send lifecycle events to a receiver (Standard Webhooks); the answer carries the secret, once',
  middleware: [bodyLimit({ maxSize: MAX_BODY_BYTES, onError: tooLarge })] as const,
  request: { body: { required: true, content: { 'application/json': { schema: WebhookBody } } } },
  responses: answers(201, NewWebhookView, 'Registered'),
});
const list = createRoute({
  method: 'get',
  path: '/v1/webhooks',
  summary: 'Receivers, without their secrets',
  responses: answers(200, WebhooksView, 'All of them'),
});
const remove = createRoute({
  method: 'delete',
  path: '/v1/webhooks/{endpointId}',
  security: NEEDS_KEY,
  summary: 'Send nothing more to a receiver',
  request: { params },
  responses: answers(200, z.strictObject({ deleted: z.string() }), 'Removed'),
});
const deliveries = createRoute({
  method: 'get',
  path: '/v1/webhooks/{endpointId}/deliveries',
  summary: 'What was sent to a receiver, and every attempt at it',
  request: { params, query: z.object({ after: id.optional(), limit: Limit }) },
  responses: answers(200, DeliveriesView, 'One page'),
});
const replay = createRoute({
  method: 'post',
  path: '/v1/webhooks/{endpointId}/deliveries/{deliveryId}/replay',
  security: NEEDS_KEY,
  summary: 'Send a delivery again under the same id',
  request: { params: z.object({ endpointId: id, deliveryId: id }) },
  responses: answers(202, DeliveryView, 'Queued'),
});

export const webhookRoutes = (app: OpenAPIHono, deps: ApiDeps): void => {
  app.openapi(post, async (c) => c.json(await addWebhook(deps, c.req.valid('json')), 201));
  app.openapi(list, async (c) => c.json({ webhooks: await listWebhooks(deps) }, 200));
  app.openapi(remove, async (c) => {
    const { endpointId } = c.req.valid('param');
    await removeWebhook(deps, endpointId);
    return c.json({ deleted: endpointId }, 200);
  });
  app.openapi(deliveries, async (c) => {
    const { after, limit } = c.req.valid('query');
    return c.json(await listDeliveries(deps, c.req.valid('param').endpointId, after, limit), 200);
  });
  app.openapi(replay, async (c) => {
    const { endpointId, deliveryId } = c.req.valid('param');
    return c.json(await replayDelivery(deps, endpointId, deliveryId), 202);
  });
};
