import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { ApiDeps } from '../deps.ts';
import { explainQuery } from '../explain-query.ts';
import { readMoney } from '../read-money.ts';
import { listQueries, readQuery } from '../read-query.ts';
import { readReceipt } from '../read-receipt.ts';
import { readResult } from '../read-result.ts';
import { answers, answersBytes, bytesResponse, Limit, QueryId } from '../schemas/common.ts';
import { MoneyView } from '../schemas/money.ts';
import { QueriesView, QueryView, WhyView } from '../schemas/queries.ts';

const params = z.object({ queryId: QueryId });

const list = createRoute({
  method: 'get',
  path: '/v1/queries',
  summary: 'Queries by id, ascending; `next` is the `after` of the next page',
  request: { query: z.object({ after: QueryId.optional(), limit: Limit }) },
  responses: answers(200, QueriesView, 'One page'),
});
const get = createRoute({
  method: 'get',
  path: '/v1/queries/{queryId}',
  summary: 'One query',
  request: { params },
  responses: answers(200, QueryView, 'The query'),
});
const result = createRoute({
  method: 'get',
  path: '/v1/queries/{queryId}/result',
  summary: 'The answer that the committee agreed on; 409 until it is verified',
  request: { params },
  responses: answersBytes("The answer, with its model's media type; its digest is in `quorate-digest`"),
});
const receipt = createRoute({
  method: 'get',
  path: '/v1/queries/{queryId}/receipt',
  summary: 'The receipt file, for `quorate verify`; 409 until the query is verified',
  request: { params },
  responses: answersBytes('The receipt file'),
});
const why = createRoute({
  method: 'get',
  path: '/v1/queries/{queryId}/why',
  summary: 'Why the query is where it is, in sentences',
  request: { params },
  responses: answers(200, WhyView, 'The reasons'),
});
const money = createRoute({
  method: 'get',
  path: '/v1/queries/{queryId}/money',
  summary:
    'Every movement of money of the query, as signed entries that add up to zero; 503 while some are not known here',
  request: { params },
  responses: answers(200, MoneyView, 'The entries, and what they come to'),
});

export const queryRoutes = (app: OpenAPIHono, deps: ApiDeps): void => {
  app.openapi(list, async (c) => {
    const { after, limit } = c.req.valid('query');
    return c.json(await listQueries(deps, after, limit), 200);
  });
  app.openapi(get, async (c) => c.json(await readQuery(deps, c.req.valid('param').queryId), 200));
  app.openapi(result, async (c) => {
    const { bytes, mediaType, digest } = await readResult(deps, c.req.valid('param').queryId);
    const response = bytesResponse(bytes, mediaType, digest);
    response.headers.set('quorate-digest', digest);
    return response;
  });
  app.openapi(receipt, async (c) => {
    const { bytes, hash } = await readReceipt(deps, c.req.valid('param').queryId);
    return bytesResponse(bytes, 'application/octet-stream', hash);
  });
  app.openapi(money, async (c) => c.json(await readMoney(deps, c.req.valid('param').queryId), 200));
  app.openapi(why, async (c) => c.json(await explainQuery(deps, c.req.valid('param').queryId), 200));
};
