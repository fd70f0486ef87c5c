import { OpenAPIHono } from '@hono/zod-openapi';
import { authorize } from './authorize.ts';
import type { ApiDeps } from './deps.ts';
import { errorHandler, notFound, validationHook } from './errors.ts';
import { askRoutes } from './routes/asks.ts';
import { inputRoutes } from './routes/inputs.ts';
import { networkRoutes } from './routes/network.ts';
import { operationRoutes } from './routes/operations.ts';
import { queryRoutes } from './routes/queries.ts';
import { webhookRoutes } from './routes/webhooks.ts';

/** The HTTP API of a deployment. Serve its `fetch`, or hand it to {@link createHandler}. */
export const createApi = (deps: ApiDeps): OpenAPIHono => {
  const app = new OpenAPIHono({ defaultHook: validationHook });
  app.onError(errorHandler(deps.log));
  app.notFound(notFound);
  app.use(authorize(deps));
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'A key of one of the tenants of this deployment. A devnet has none, and asks for none.',
  });
  for (const routes of [inputRoutes, askRoutes, queryRoutes, networkRoutes, operationRoutes, webhookRoutes]) {
    routes(app, deps);
  }
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: {
      title: 'Quorate',
      version: '1',
      description: 'Ask models on chain and check their answers. Amounts are decimal strings of unes; hashes are hex.',
    },
    servers: [{ url: deps.config.publicUrl }],
  });
  return app;
};
