import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { bodyLimit } from 'hono/body-limit';
import { BadInputError } from '../../../shared/errors.ts';
import { MAX_INPUT_BYTES } from '../../../shared/model/manifest.ts';
import { askQuery } from '../ask-query.ts';
import { NEEDS_KEY, tenantOf } from '../authorize.ts';
import type { ApiDeps } from '../deps.ts';
import { readAsk, viewAsk } from '../read-ask.ts';
import { AskBody, AskId, AskView, IdempotencyKey } from '../schemas/asks.ts';
import { answers } from '../schemas/common.ts';

/** An input in base64 is a third longer; the rest of an ask is small. */
const MAX_ASK_BYTES = Math.ceil((MAX_INPUT_BYTES * 4) / 3) + 16 * 1024;

const tooLarge = (): never => {
  throw new BadInputError('body-too-large', `an ask may have at most ${MAX_ASK_BYTES} bytes`, {
    next: 'Send the input with POST /v1/inputs and name its hash, or send a smaller one.',
    details: { maxBytes: MAX_ASK_BYTES },
  });
};

const post = createRoute({
  method: 'post',
  path: '/v1/queries',
  security: NEEDS_KEY,
  summary: 'Ask at the cost of this deployment; with Idempotency-Key a retry is the same ask',
  middleware: [bodyLimit({ maxSize: MAX_ASK_BYTES, onError: tooLarge })] as const,
  request: {
    headers: z.object({ 'idempotency-key': IdempotencyKey.optional() }),
    body: { required: true, content: { 'application/json': { schema: AskBody } } },
  },
  responses: answers(202, AskView, 'Taken: its transaction is planned'),
});

const get = createRoute({
  method: 'get',
  path: '/v1/asks/{askId}',
  summary: 'How an ask stands, and the id of its query once its transaction is included',
  request: { params: z.object({ askId: AskId }) },
  responses: answers(200, AskView, 'The ask'),
});

export const askRoutes = (app: OpenAPIHono, deps: ApiDeps): void => {
  app.openapi(post, async (c) => {
    const tenant = tenantOf(deps, c.req.header('authorization'));
    const ask = await askQuery(deps, c.req.valid('json'), c.req.valid('header')['idempotency-key'], tenant);
    return c.json(await viewAsk(deps, ask), 202);
  });
  app.openapi(get, async (c) => c.json(await readAsk(deps, c.req.valid('param').askId), 200));
};
