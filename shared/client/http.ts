import { z } from 'zod';
import { BadInputError, InvariantError, type QuorateError, TransientError } from '../errors.ts';

export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** A deployment's API over HTTP. Its refusals come back as the typed errors that they were before they became JSON. */
export interface ApiHttp {
  /** @throws {BadInputError} 4xx, with the API's code; {TransientError} 429 and 5xx, or `api-unreachable` */
  json<T>(path: string, schema: z.ZodType<T>, init?: RequestInit): Promise<T>;
  bytes(path: string): Promise<{ readonly bytes: Uint8Array; readonly mediaType: string }>;
}

const ErrorBody = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    next: z.string().optional(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
});

const refusal = (status: number, body: unknown): QuorateError => {
  const parsed = ErrorBody.safeParse(body);
  // 429 also comes from what stands before the API: too many requests at once.
  const family = status >= 500 || status === 429 ? TransientError : BadInputError;
  if (!parsed.success) return new family('api-error', `the API answered ${status}`);
  const { code, message, next, details } = parsed.data.error;
  return new family(code, message, { ...(next !== undefined && { next }), ...(details && { details }) });
};

const withKey = (init: RequestInit | undefined, apiKey: string | undefined): RequestInit | undefined => {
  if (apiKey === undefined) return init;
  const headers = new Headers(init?.headers);
  headers.set('authorization', `Bearer ${apiKey}`);
  return { ...init, headers };
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** @param apiKey of a tenant of the deployment, where it wants one */
export const apiHttp = (apiUrl: string, fetch: Fetch, apiKey?: string): ApiHttp => {
  const base = apiUrl.replace(/\/+$/, '');
  const send = async (path: string, init?: RequestInit): Promise<Response> => {
    let response: Response;
    try {
      response = await fetch(`${base}${path}`, withKey(init, apiKey));
    } catch (cause) {
      throw new TransientError('api-unreachable', `the API at ${base} cannot be reached`, {
        next: "Start a devnet with 'quorate devnet', or give the address of a running one.",
        cause,
      });
    }
    if (response.ok) return response;
    throw refusal(response.status, parseJson(await response.text()));
  };
  return {
    json: async (path, schema, init) => {
      const answer = schema.safeParse(parseJson(await (await send(path, init)).text()));
      if (answer.success) return answer.data;
      throw new InvariantError('api-answer', `the API at ${base} answers ${path} in a form that is not known here`, {
        next: 'Use a client of the same version as the deployment.',
        cause: answer.error,
      });
    },
    bytes: async (path) => {
      const response = await send(path);
      return {
        bytes: new Uint8Array(await response.arrayBuffer()),
        mediaType: response.headers.get('content-type') ?? 'application/octet-stream',
      };
    },
  };
};
