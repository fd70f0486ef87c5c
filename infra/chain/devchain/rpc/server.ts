import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { WebSocketServer } from 'ws';
import { TransientError } from '../../../../shared/errors.ts';
import {
  errorResponse,
  type JsonRpcRequest,
  type JsonRpcResponse,
  RpcError,
  type RpcHandle,
  readRequest,
} from './json-rpc.ts';
import { METHODS } from './methods.ts';
import { uriParams } from './params.ts';
import { type BlockFeed, serveSocket } from './socket.ts';
import { TransportError } from './transport-error.ts';

/** CometBFT v0.38 config/config.go: the largest request body in bytes and how many websocket clients may subscribe. */
const MAX_BODY_BYTES = 1_000_000;
const MAX_SOCKETS = 100;

export interface ServeOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
}

/** A listening RPC server. */
export interface RpcServer {
  /** "http://host:port". */
  readonly url: string;
  readonly port: number;
  /** Stops listening and drops every connection. */
  close(): Promise<void>;
}

/**
 * Puts an RPC on HTTP as CometBFT serves it: JSON-RPC by POST (one or a batch), methods by GET with URI parameters, and
 * subscriptions at /websocket. Rejects with TransientError when the port is taken.
 */
export async function serveRpc(handle: RpcHandle, blocks: BlockFeed, options: ServeOptions): Promise<RpcServer> {
  const server = createServer((request, response) => {
    respond(handle, request, response).catch((error: unknown) => {
      const status = error instanceof TransportError ? error.status : 500;
      const retryAfter = error instanceof TransportError ? error.details.retryAfter : undefined;
      if (typeof retryAfter === 'string') response.setHeader('retry-after', retryAfter);
      if (!response.headersSent) send(response, status, errorResponse(null, error));
      else response.destroy();
    });
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_BODY_BYTES });
  server.on('upgrade', (request, socket, head) => {
    const { pathname } = new URL(request.url ?? '/', 'http://devchain');
    if (pathname !== '/websocket' || sockets.clients.size >= MAX_SOCKETS) {
      socket.destroy();
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => serveSocket(client, handle, blocks));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(new TransientError('rpc-port', `could not listen on ${options.host}:${options.port}`, { cause: error }));
    });
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    url: `http://${options.host}:${port}`,
    port,
    close: async () => {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function respond(handle: RpcHandle, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://devchain');
  if (request.method === 'GET') {
    const method = url.pathname.slice(1);
    if (method === '') {
      send(response, 200, { available_endpoints: [...METHODS.keys()].sort() });
      return;
    }
    const answer = await handle({ jsonrpc: '2.0', id: -1, method, params: uriParams(url.searchParams) });
    send(response, 'error' in answer ? (answer.error.code === -32601 ? 404 : 500) : 200, answer);
    return;
  }
  if (request.method !== 'POST') {
    send(response, 405, errorResponse(null, new RpcError('use GET or POST', -32600, 'Invalid Request')));
    return;
  }
  const body = await readBody(request);
  if (body === undefined) {
    // The rest of the body is left unread: the next request on this connection would never be seen.
    response.setHeader('connection', 'close');
    send(response, 413, errorResponse(null, new RpcError('http: request body too large', -32600, 'Invalid Request')));
    return;
  }
  await respondToPost(handle, body, response);
}

async function respondToPost(handle: RpcHandle, body: string, response: ServerResponse): Promise<void> {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    send(response, 500, errorResponse(null, new RpcError(reason, -32700, 'Parse error. Invalid JSON')));
    return;
  }
  if (!Array.isArray(json)) {
    send(response, 200, await handleJson(handle, json));
    return;
  }
  const answers: JsonRpcResponse[] = [];
  for (const item of json) answers.push(await handleJson(handle, item));
  send(response, 200, answers);
}

/** Answers one parsed request. */
export async function handleJson(handle: RpcHandle, json: unknown): Promise<JsonRpcResponse> {
  const request = readRequest(json);
  return isRequest(request) ? handle(request) : request;
}

function isRequest(value: JsonRpcRequest | JsonRpcResponse): value is JsonRpcRequest {
  return 'method' in value;
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const buffer = Buffer.from(chunk as Uint8Array);
    bytes += buffer.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, json: unknown): void {
  const body = Buffer.from(JSON.stringify(json));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}
