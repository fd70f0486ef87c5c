import type { Chain } from '../chain.ts';
import { blockMethods } from './block-methods.ts';
import { infoMethods } from './info-methods.ts';
import { errorResponse, type JsonRpcRequest, type JsonRpcResponse, RpcError, type RpcHandle } from './json-rpc.ts';
import type { Method } from './method.ts';
import { Params } from './params.ts';
import { txMethods } from './tx-methods.ts';

/** Every method of the RPC but the websocket's own, by name. */
export const METHODS: ReadonlyMap<string, Method> = new Map(
  Object.entries({ ...infoMethods, ...blockMethods, ...txMethods }),
);

/** The RPC of a chain as a function: what the HTTP server, the websocket and an in-process client all call. */
export function rpcHandle(chain: Chain): RpcHandle {
  return async (request: JsonRpcRequest): Promise<JsonRpcResponse> => {
    const { id, method: name } = request;
    try {
      const method = METHODS.get(name);
      if (method === undefined) throw new RpcError('', -32601, 'Method not found');
      return { jsonrpc: '2.0', id, result: method.run(chain, new Params(request.params, method.params)) };
    } catch (error) {
      return errorResponse(id, error);
    }
  };
}
