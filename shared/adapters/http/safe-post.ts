import { type Dispatcher, request } from 'undici';
import { BadInputError, QuorateError, TransientError } from '../../errors.ts';
import { createGuards, type Resolve } from './guarded-agent.ts';
import { checkUrl, isLoopbackUrl, type OutgoingOptions } from './outgoing-url.ts';

export { checkUrl } from './outgoing-url.ts';

export interface SafeHttpOptions extends OutgoingOptions {
  /** For a whole request, from connecting to the last byte read; default 15 s (Standard Webhooks: 15 to 30 s). */
  readonly timeoutMs?: number;
  /** Only tests give one. */
  readonly resolve?: Resolve;
}

export interface PostAnswer {
  readonly status: number;
  /** At most the first 4 KB. */
  readonly body: Uint8Array;
}

const MAX_ANSWER_BYTES = 4_096;

/** Reads until the limit is passed; the rest is never received. */
const readUpTo = async (body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes) break;
  }
  return new Uint8Array(Buffer.concat(chunks, size));
};

/** Our own refusals come wrapped by the layers between the lookup and here. */
const refusalIn = (error: unknown): QuorateError | undefined => {
  if (error instanceof QuorateError) return error;
  return error instanceof Error && error.cause !== undefined ? refusalIn(error.cause) : undefined;
};

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown reason';

type Request = Omit<Dispatcher.RequestOptions, 'path' | 'origin'>;

/** For everyone but tests, which resolve names themselves. */
const sharedGuards = createGuards(15_000);

/** Follows no redirect: where one leads was checked by nobody, so it is an answer like any other. */
const send = async <T>(
  text: string,
  options: SafeHttpOptions,
  init: Request,
  signal: AbortSignal | undefined,
  read: (answer: Dispatcher.ResponseData) => Promise<T>,
): Promise<T> => {
  const { timeoutMs = 15_000, resolve } = options;
  const url = checkUrl(text, options);
  const guards = resolve ? createGuards(timeoutMs, resolve) : sharedGuards;
  const dispatcher = url.protocol === 'http:' && isLoopbackUrl(url) ? guards.toLoopback : guards.toPublic;
  const timeout = AbortSignal.timeout(timeoutMs);
  const either = signal ? AbortSignal.any([signal, timeout]) : timeout;
  try {
    return await read(await request(url, { ...init, dispatcher, signal: either }));
  } catch (error) {
    signal?.throwIfAborted();
    const refusal = refusalIn(error);
    if (refusal) throw refusal;
    if (timeout.aborted) throw new TransientError('http-timeout', `${url.host} did not answer within ${timeoutMs} ms`);
    throw new TransientError('http-unreachable', `${url.host} could not be reached (${codeOf(error)})`);
  }
};

/** @throws {BadInputError} `refused-url`, `refused-address`; {TransientError} `http-unreachable`, `http-timeout` */
export type SafePost = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal?: AbortSignal,
) => Promise<PostAnswer>;

/** Posts to addresses that strangers chose, guarded against server-side request forgery (docs/threat-model.md). */
export const safePost =
  (options: SafeHttpOptions = {}): SafePost =>
  (url, headers, body, signal) =>
    send(url, options, { method: 'POST', headers: { ...headers }, body }, signal, async (answer) => ({
      status: answer.statusCode,
      body: (await readUpTo(answer.body, MAX_ANSWER_BYTES)).subarray(0, MAX_ANSWER_BYTES),
    }));

/**
 * Gets from an address that a stranger chose, under the same guard.
 * @throws as {@link SafePost}; {BadInputError} `response-too-large` over `maxBytes`; {TransientError} `http-status` unless 200
 */
export const safeGet = (
  url: string,
  options: SafeHttpOptions & { readonly maxBytes: number; readonly signal?: AbortSignal },
): Promise<Uint8Array> =>
  send(url, options, { method: 'GET' }, options.signal, async ({ statusCode, body }) => {
    const { maxBytes } = options;
    const bytes = await readUpTo(body, maxBytes);
    if (statusCode !== 200) throw new TransientError('http-status', `the address answered ${statusCode}, not 200`);
    if (bytes.length <= maxBytes) return bytes;
    throw new BadInputError('response-too-large', `the address gives more than the ${maxBytes} bytes allowed`);
  });
