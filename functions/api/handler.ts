import middy from '@middy/core';
import { handle } from 'hono/aws-lambda';
import { createApi } from './app.ts';
import type { ApiDeps } from './deps.ts';

/** Behind an API Gateway HTTP API or a function URL. */
export const createHandler = (deps: ApiDeps) => middy(handle(createApi(deps)), { timeoutEarlyInMillis: 500 });
