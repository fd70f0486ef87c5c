import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { listAnomalies, readCoverage } from '../coverage.ts';
import type { ApiDeps } from '../deps.ts';
import { checkHealth } from '../health.ts';
import { answers, Height, Limit } from '../schemas/common.ts';
import { AnomaliesView, CoverageView, HealthView } from '../schemas/operations.ts';

const health = createRoute({
  method: 'get',
  path: '/v1/health',
  summary: 'Whether the chain is seen, read and acted on; 503 with the same body and reasons when not',
  responses: {
    ...answers(200, HealthView, 'All is well'),
    503: { description: 'Unhealthy', content: { 'application/json': { schema: HealthView } } },
  },
});
const coverage = createRoute({
  method: 'get',
  path: '/v1/coverage',
  summary: 'Which heights were read, and which were not',
  request: { query: z.object({ from: Height.optional(), to: Height.optional() }) },
  responses: answers(200, CoverageView, 'The range'),
});
const anomalies = createRoute({
  method: 'get',
  path: '/v1/anomalies',
  summary: 'What RPCs said and the contract denied, or kept silent about',
  request: { query: z.object({ after: z.string().max(200).optional(), limit: Limit }) },
  responses: answers(200, AnomaliesView, 'One page'),
});

export const operationRoutes = (app: OpenAPIHono, deps: ApiDeps): void => {
  app.openapi(health, async (c) => {
    const view = await checkHealth(deps);
    return c.json(view, view.status === 'ok' ? 200 : 503);
  });
  app.openapi(coverage, async (c) => {
    const { from, to } = c.req.valid('query');
    const range = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
    return c.json(await readCoverage(deps, range), 200);
  });
  app.openapi(anomalies, async (c) => {
    const { after, limit } = c.req.valid('query');
    return c.json(await listAnomalies(deps, after, limit), 200);
  });
};
