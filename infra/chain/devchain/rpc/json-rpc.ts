import { BadInputError } from '../../../../shared/errors.ts';

/** A JSON-RPC 2.0 request as CometBFT takes it: parameters by name or by position. */
export interface JsonRpcRequest {
  readonly jsonrpc: '2.0';
  readonly id: number | string;
  readonly method: string;
  readonly params?: unknown;
}

export interface JsonRpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: string;
}

export type JsonRpcResponse =
  | { readonly jsonrpc: '2.0'; readonly id: number | string; readonly result: unknown }
  | { readonly jsonrpc: '2.0'; readonly id: number | string | null; readonly error: JsonRpcError };

/** The RPC core: answers one request and never throws for what a client can do wrong. */
export type RpcHandle = (request: JsonRpcRequest) => Promise<JsonRpcResponse>;

/** A method refused; ends as CometBFT's "Internal error" with the message as data, unless it carries another code. */
export class RpcError extends BadInputError {
  readonly rpc: JsonRpcError;

  constructor(data: string, rpcCode = -32603, rpcMessage = 'Internal error') {
    super(`rpc${rpcCode}`, data);
    this.rpc = { code: rpcCode, message: rpcMessage, data };
  }
}

/** Parameters that do not have the right form. */
export function invalidParams(data: string): RpcError {
  return new RpcError(data, -32602, 'Invalid params');
}

/** The response for a thrown value; ABCI and mempool errors become internal errors with their text. */
export function errorResponse(id: number | string | null, error: unknown): JsonRpcResponse {
  if (error instanceof RpcError) return { jsonrpc: '2.0', id, error: error.rpc };
  const data = error instanceof Error ? error.message : String(error);
  return { jsonrpc: '2.0', id, error: { code: -32603, message: 'Internal error', data } };
}

/** A request from parsed JSON, or the error response it deserves. */
export function readRequest(json: unknown): JsonRpcRequest | JsonRpcResponse {
  if (typeof json === 'object' && json !== null && 'method' in json && typeof json.method === 'string') {
    const id = 'id' in json && (typeof json.id === 'number' || typeof json.id === 'string') ? json.id : -1;
    const request: JsonRpcRequest = { jsonrpc: '2.0', id, method: json.method };
    return 'params' in json ? { ...request, params: json.params } : request;
  }
  return errorResponse(null, new RpcError('request has no method', -32600, 'Invalid Request'));
}
