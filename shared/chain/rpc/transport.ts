import * as http from 'node:http';
import * as https from 'node:https';
import { text } from 'node:stream/consumers';
import type { RpcClient } from '@cosmjs/tendermint-rpc';
import { BadInputError, TransientError } from '../../errors.ts';

export type RpcRequest = Parameters<RpcClient['execute']>[0];
export type RpcAnswer = Awaited<ReturnType<RpcClient['execute']>>;

/** One endpoint on the wire. A CosmJS RPC client is one too, which only cannot be cut short. */
export interface RpcTransport {
  /** Throws what {@link rpcErrorOf} knows for a JSON-RPC error; anything else thrown is the endpoint's fault. */
  execute(request: RpcRequest, signal: AbortSignal): Promise<RpcAnswer>;
}

/** JSON-RPC over HTTP POST, given up when the signal aborts. @throws {BadInputError} `rpc-url` */
export const httpTransport = (url: string): RpcTransport => {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new BadInputError('rpc-url', `an RPC endpoint is an http:// or https:// URL, received '${nameOf(url)}'`);
  }
  return {
    execute: async (request, signal) => {
      const response = await post(url, JSON.stringify(request), signal);
      const { statusCode: status = 0 } = response;
      if (status < 200 || status > 299) {
        response.resume();
        const retryAfter = response.headers['retry-after'];
        throw new TransientError('rpc-status', `HTTP status ${status}`, {
          details: { status, ...(retryAfter !== undefined && { retryAfter }) },
        });
      }
      const answer = JSON.parse(await text(response)) as { error?: unknown };
      // As CosmJS words it, so that readers of its error texts need not know which transport it was.
      if (answer.error !== undefined) throw new Error(JSON.stringify(answer.error));
      return answer as unknown as RpcAnswer;
    },
  };
};

/** Connections that are kept: catching up is thousands of requests. */
const AGENTS = { http: new http.Agent({ keepAlive: true }), https: new https.Agent({ keepAlive: true }) };

/**
 * Not fetch, which costs three times the time and memory, nor undici, whose code is a fifth of a function's start. A kept connection that the other side has
 * closed meanwhile, as after a frozen Lambda, is not the endpoint's fault: the request goes again on another one. No request of ours does more when
 * it is sent twice than once.
 */
const post = (url: string, body: string, signal: AbortSignal): Promise<http.IncomingMessage> =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const options = { method: 'POST', headers, signal };
    const request = url.startsWith('https:')
      ? https.request(url, { ...options, agent: AGENTS.https }, resolve)
      : http.request(url, { ...options, agent: AGENTS.http }, resolve);
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (request.reusedSocket && error.code === 'ECONNRESET') post(url, body, signal).then(resolve, reject);
      else reject(error);
    });
    request.end(body);
  });

/** How an endpoint is called where people see it: host and port. Paths and queries may hold API keys. */
export const nameOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : 'not a URL');

/** The text of a JSON-RPC error in CosmJS's wording: the node answered, and its answer is no. Undefined for anything else. */
export const rpcErrorOf = (error: unknown): string | undefined => {
  if (!(error instanceof Error) || !error.message.startsWith('{"')) return undefined;
  try {
    const { code, message, data } = JSON.parse(error.message) as { code?: unknown; message?: unknown; data?: unknown };
    return typeof code === 'number' ? `${message}${data === undefined ? '' : `: ${data}`}` : undefined;
  } catch {
    return undefined;
  }
};

/** Milliseconds that a `Retry-After` header asks for (RFC 9110, 10.2.3), where it counts seconds; dates are not read. */
export const retryAfterMs = (header: unknown): number | undefined =>
  typeof header === 'string' && /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : undefined;
