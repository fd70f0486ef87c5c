import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { ApiDeps } from '../deps.ts';
import { listModels, listNodes, readModel, readNode } from '../read-network.ts';
import { AddressText, answers, HashText, Limit } from '../schemas/common.ts';
import { ModelsView, ModelView, NodesView, NodeView } from '../schemas/network.ts';

const models = createRoute({
  method: 'get',
  path: '/v1/models',
  summary: 'Models of the contract',
  request: { query: z.object({ after: HashText.optional(), limit: Limit }) },
  responses: answers(200, ModelsView, 'One page'),
});
const model = createRoute({
  method: 'get',
  path: '/v1/models/{id}',
  summary: 'One model',
  request: { params: z.object({ id: HashText }) },
  responses: answers(200, ModelView, 'The model'),
});
const nodes = createRoute({
  method: 'get',
  path: '/v1/nodes',
  summary: 'Nodes of the contract',
  request: { query: z.object({ after: AddressText.optional(), limit: Limit }) },
  responses: answers(200, NodesView, 'One page'),
});
const node = createRoute({
  method: 'get',
  path: '/v1/nodes/{address}',
  summary: 'One node',
  request: { params: z.object({ address: AddressText }) },
  responses: answers(200, NodeView, 'The node'),
});

export const networkRoutes = (app: OpenAPIHono, deps: ApiDeps): void => {
  app.openapi(models, async (c) => {
    const { after, limit } = c.req.valid('query');
    return c.json(await listModels(deps, after, limit), 200);
  });
  app.openapi(model, async (c) => c.json(await readModel(deps, c.req.valid('param').id), 200));
  app.openapi(nodes, async (c) => {
    const { after, limit } = c.req.valid('query');
    return c.json(await listNodes(deps, after, limit), 200);
  });
  app.openapi(node, async (c) => c.json(await readNode(deps, c.req.valid('param').address), 200));
};
