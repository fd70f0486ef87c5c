import type { RpcClient } from '@cosmjs/tendermint-rpc';
import type { RpcHandle } from './json-rpc.ts';

/**
 * A CosmJS RPC client on a handle, without a socket: `Comet38Client.create(inProcessClient(devchain.rpc.handle))`. Requests
 * and answers pass through JSON as they would on the wire; an error answer is thrown in CosmJS's own wording.
 */
export function inProcessClient(handle: RpcHandle): RpcClient {
  return {
    execute: async (request) => {
      const { id, method, params } = JSON.parse(JSON.stringify(request)) as typeof request;
      const response = await handle({ jsonrpc: '2.0', id, method, params });
      if ('error' in response) throw new Error(JSON.stringify(response.error));
      return JSON.parse(JSON.stringify(response)) as Awaited<ReturnType<RpcClient['execute']>>;
    },
    disconnect: () => undefined,
  };
}
