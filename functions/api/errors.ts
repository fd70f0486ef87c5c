import { type Hook, z } from '@hono/zod-openapi';
import type { Context, Env, ErrorHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { BadInputError, type ErrorFamily, QuorateError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';

/** Every code that has a status of its own; the others take their family's. */
const STATUS: Readonly<Record<string, ContentfulStatusCode>> = {
  'api-key-missing': 401,
  'short-fee': 402,
  'api-key-unknown': 403,
  'custodial-asks-off': 403,
  'blob-missing': 404,
  'result-not-held': 404,
  'unknown-ask': 404,
  'unknown-delivery': 404,
  'unknown-input': 404,
  'unknown-model': 404,
  'unknown-node': 404,
  'unknown-query': 404,
  'unknown-route': 404,
  'unknown-webhook': 404,
  'idempotency-conflict': 409,
  'model-not-installed': 409,
  'money-disagrees': 500,
  'not-yet-verified': 409,
  'too-many-webhooks': 409,
  'webhook-disabled': 409,
  'model-withdrawn': 410,
  'query-refunded': 410,
  'body-too-large': 413,
  'image-too-large': 413,
  'input-too-large': 413,
  'result-too-large': 413,
  'not-an-image': 415,
  'unsupported-media-type': 415,
  'quota-used': 429,
};
const FAMILY_STATUS: Readonly<Record<ErrorFamily, ContentfulStatusCode>> = {
  'bad-input': 400,
  transient: 503,
  invariant: 500,
};

/** What a family's errors without advice of their own tell the caller to do. */
const FAMILY_NEXT: Readonly<Record<ErrorFamily, string>> = {
  'bad-input': 'Correct the request as the message says; GET /openapi.json describes it.',
  transient: 'Send the same request again in a few seconds.',
  invariant: "Tell the operator of this deployment; 'quorate doctor' helps to find out more.",
};

export const ErrorBody = z
  .strictObject({
    error: z.strictObject({
      code: z.string().openapi({ example: 'short-fee' }),
      message: z.string(),
      next: z.string().openapi({ description: 'What to do next, one sentence.' }),
      details: z.record(z.string(), z.unknown()),
    }),
  })
  .openapi('Error');

export const statusOf = (error: QuorateError): ContentfulStatusCode =>
  STATUS[error.code] ?? FAMILY_STATUS[error.family];

const INTERNAL = new QuorateError('invariant', 'internal-error', 'the request failed inside the service');

const shown = (error: QuorateError): z.infer<typeof ErrorBody> => {
  // An error of no status of its own that is no fault of the caller's speaks of internals: it is logged, not shown.
  const { code, message, next, family, details } =
    error.family === 'invariant' && STATUS[error.code] === undefined ? INTERNAL : error;
  return { error: { code, message, next: next ?? FAMILY_NEXT[family], details: { ...details } } };
};

const fromHttpException = (error: HTTPException): QuorateError | undefined => {
  switch (error.status) {
    case 400:
      return new BadInputError('malformed-json', 'the body is not JSON', { next: 'Send one JSON object in UTF-8.' });
    case 413:
      return new BadInputError('body-too-large', 'the body is larger than this route takes');
    case 415:
      return new BadInputError('unsupported-media-type', 'this route takes a body of type application/json', {
        next: "Send the header 'content-type: application/json'.",
      });
    default:
      return undefined;
  }
};

/** Every error of every route in one form, and nothing of an unexpected one but that it happened. */
export const errorHandler =
  (log: Logger | undefined): ErrorHandler =>
  (error, c: Context) => {
    const known =
      error instanceof QuorateError ? error : error instanceof HTTPException ? fromHttpException(error) : undefined;
    const answer = known ?? INTERNAL;
    const status = statusOf(answer);
    // Only the path's pattern: ids are harmless, but a query string or a body may hold anything.
    if (status >= 500) {
      const route = `${c.req.method} ${c.req.path}`;
      // The message of an error that nobody wrote on purpose may quote the request (P13): its stack's places suffice.
      const cause = known ?? { name: error.name, at: error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) };
      // What may pass by itself (the watcher has not read that far yet, a node is away) is nobody's fault.
      log?.[known?.family === 'transient' ? 'warn' : 'error']('request failed', { route, status, cause });
    }
    if (status === 401) c.header('www-authenticate', 'Bearer');
    if (status === 429) c.header('retry-after', String(answer.details.retryAfterSeconds));
    if (status === 503) c.header('retry-after', '5');
    return c.json(shown(answer), status);
  };

export const notFound = (c: Context): never => {
  throw new BadInputError('unknown-route', `no route ${c.req.method} ${c.req.path}`, {
    next: 'GET /openapi.json lists the routes.',
  });
};

/** Turns zod's refusal into ours: names the field and what is allowed, never the value that was sent. */
export const validationHook: Hook<unknown, Env, string, unknown> = (result) => {
  if (result.success) return;
  const issues = result.error.issues.map((issue) => ({
    field: issue.path.join('.') || result.target,
    problem: issue.message.toLowerCase(),
  }));
  const first = issues[0];
  throw new BadInputError('malformed-request', `${first?.field ?? 'the request'}: ${first?.problem ?? 'not valid'}`, {
    details: { in: result.target, issues },
  });
};
