import type { WebSocket } from 'ws';
import type { CommittedBlock } from '../chain.ts';
import { errorResponse, type JsonRpcResponse, RpcError, type RpcHandle, readRequest } from './json-rpc.ts';
import { Params } from './params.ts';
import { Subscriptions } from './subscriptions.ts';

/** Unsent bytes after which a client counts as too slow and is dropped, as CometBFT drops one whose buffer is full. */
export const MAX_UNSENT_BYTES = 4 * 1024 * 1024;

/** Tells of every committed block until the returned function is called. */
export type BlockFeed = (listener: (committed: CommittedBlock) => void) => () => void;

/** The part of a websocket that is needed here; `bufferedAmount` counts bytes the client has not taken yet. */
export type Socket = Pick<WebSocket, 'send' | 'terminate' | 'bufferedAmount'> & {
  on(event: 'message', listener: (data: Buffer) => void): unknown;
  on(event: 'close' | 'error', listener: () => void): unknown;
};

/** Serves one websocket client: subscribe, unsubscribe, unsubscribe_all, and every other method of the RPC. */
export function serveSocket(socket: Socket, handle: RpcHandle, blocks: BlockFeed): void {
  const subscriptions = new Subscriptions();
  const send = (response: JsonRpcResponse) => {
    if (socket.bufferedAmount > MAX_UNSENT_BYTES) socket.terminate();
    else socket.send(JSON.stringify(response));
  };
  const stop = blocks((committed) => {
    for (const { id, result } of subscriptions.pushes(committed)) send({ jsonrpc: '2.0', id, result });
  });
  socket.on('close', stop);
  // A broken connection ends with 'close'; without a listener its 'error' would end the process.
  socket.on('error', () => undefined);
  socket.on('message', (data) => {
    answer(data.toString(), handle, subscriptions).then(send, (error: unknown) => send(errorResponse(null, error)));
  });
}

async function answer(text: string, handle: RpcHandle, subscriptions: Subscriptions): Promise<JsonRpcResponse> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return errorResponse(null, new RpcError('invalid JSON', -32700, 'Parse error. Invalid JSON'));
  }
  const request = readRequest(json);
  if (!('method' in request)) return request;
  const { id, method } = request;
  try {
    const query = () => new Params(request.params, ['query']).text('query') ?? '';
    switch (method) {
      case 'subscribe':
        subscriptions.add(id, query());
        return { jsonrpc: '2.0', id, result: {} };
      case 'unsubscribe':
        subscriptions.remove(query());
        return { jsonrpc: '2.0', id, result: {} };
      case 'unsubscribe_all':
        subscriptions.clear();
        return { jsonrpc: '2.0', id, result: {} };
      default:
        return await handle(request);
    }
  } catch (error) {
    return errorResponse(id, error);
  }
}
