import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { BadInputError } from '../../../shared/errors.ts';
import { IMAGE_TYPES } from '../../../shared/model/manifest.ts';
import { NEEDS_KEY } from '../authorize.ts';
import type { ApiDeps } from '../deps.ts';
import { readBody } from '../read-body.ts';
import { InputView } from '../schemas/asks.ts';
import { answers, answersBytes, bytesResponse, HashText } from '../schemas/common.ts';
import { inputLimits, inputUri, readInput, storeInput } from '../store-input.ts';

const binary = { schema: z.string().openapi({ format: 'binary' }) };
/** What is in the bytes decides, not what the header says of them; but a form or JSON was surely not meant as an input. */
const ACCEPTED: readonly string[] = [...IMAGE_TYPES, 'application/octet-stream'];

const post = createRoute({
  method: 'post',
  path: '/v1/inputs',
  security: NEEDS_KEY,
  summary: 'Keep an input, to be named by its hash when asking',
  request: {
    query: z.object({ model: HashText.optional() }),
    body: { content: Object.fromEntries(ACCEPTED.map((type) => [type, binary])) },
  },
  responses: answers(201, InputView, 'Kept'),
});

const get = createRoute({
  method: 'get',
  path: '/v1/inputs/{hash}',
  summary: 'The bytes of an input',
  request: { params: z.object({ hash: HashText }) },
  responses: answersBytes('The bytes, with the media type that was found in them'),
});

const checkMediaType = (header: string | undefined): void => {
  const received = header?.split(';')[0]?.trim().toLowerCase();
  if (received === undefined || ACCEPTED.includes(received)) return;
  throw new BadInputError('unsupported-media-type', `this route takes ${ACCEPTED.join(', ')}`, {
    next: 'Send the raw bytes of the input with one of these content types.',
    details: { allowed: ACCEPTED },
  });
};

export const inputRoutes = (app: OpenAPIHono, deps: ApiDeps): void => {
  app.openapi(post, async (c) => {
    checkMediaType(c.req.header('content-type'));
    const allowed = await inputLimits(deps, c.req.valid('query').model);
    const maxBytes = Math.min(allowed.maxBytes, deps.config.maxBodyBytes ?? allowed.maxBytes);
    const row = await storeInput(deps, await readBody(c.req.raw, maxBytes), allowed);
    return c.json({ ...row, uri: inputUri(deps, row.hash), agent: deps.askSigner ?? null }, 201);
  });
  app.openapi(get, async (c) => {
    const { row, bytes } = await readInput(deps, c.req.valid('param').hash);
    return bytesResponse(bytes, row.mediaType, row.hash);
  });
};
