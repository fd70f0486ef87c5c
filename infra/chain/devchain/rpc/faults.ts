import { TransientError } from '../../../../shared/errors.ts';
import { sha256 } from '../comet/merkle.ts';
import { hexUpper } from './encode.ts';
import { errorResponse, type JsonRpcRequest, type JsonRpcResponse, RpcError, type RpcHandle } from './json-rpc.ts';
import type { BlockFeed } from './socket.ts';
import { TransportError } from './transport-error.ts';

/*
 * Ways in which a node misbehaves, as wrappers of its RPC. Each is decided by a function that the caller passes in, so that a
 * simulation keeps all chance in its own seed. They compose: hideEvents(laggingNode(handle, 3), ...).
 */

/** An event as CometBFT's JSON shows it. */
export interface RpcEvent {
  readonly type: string;
  readonly attributes: readonly { readonly key: string; readonly value: string; readonly index?: boolean }[];
}

/** Where in the chain an event stands. */
export interface EventPlace {
  readonly height: number;
  readonly txIndex: number;
}

type Json = Record<string, unknown>;

/** Leaves out of block_results every event for which `hides` says so: a node that keeps something from its reader. */
export function hideEvents(handle: RpcHandle, hides: (event: RpcEvent, place: EventPlace) => boolean): RpcHandle {
  return onBlockResults(handle, (events, place) => events.filter((event) => !hides(event, place)));
}

/** Adds to block_results the events that `invents` returns: a node that lies. It is asked once for each transaction. */
export function inventEvents(handle: RpcHandle, invents: (place: EventPlace) => readonly RpcEvent[]): RpcHandle {
  return onBlockResults(handle, (events, place) => [...events, ...invents(place)]);
}

function onBlockResults(
  handle: RpcHandle,
  change: (events: readonly RpcEvent[], place: EventPlace) => readonly RpcEvent[],
): RpcHandle {
  return async (request) => {
    const response = await handle(request);
    if (request.method !== 'block_results' || !('result' in response)) return response;
    const result = response.result as Json;
    const height = Number(result.height);
    const txs = (result.txs_results ?? []) as (Json & { events: RpcEvent[] })[];
    const changed = txs.map((tx, txIndex) => ({ ...tx, events: change(tx.events, { height, txIndex }) }));
    return { ...response, result: { ...result, txs_results: changed.length === 0 ? null : changed } };
  };
}

/** Answers a broadcast for which `drops` says so as accepted, and forgets it: a node that dies before it gossips. */
export function dropBroadcasts(handle: RpcHandle, drops: (tx: Uint8Array) => boolean): RpcHandle {
  return async (request) => {
    const tx = broadcastTx(request);
    if (tx === undefined || !drops(tx)) return handle(request);
    const result = { code: 0, data: '', log: '', codespace: '', hash: hexUpper(sha256(tx)) };
    return { jsonrpc: '2.0', id: request.id, result };
  };
}

/** Carries a request out and then loses the answer where `loses` says so: throws TransientError after the effect. */
export function loseAnswers(handle: RpcHandle, loses: (request: JsonRpcRequest) => boolean): RpcHandle {
  return async (request) => {
    const response = await handle(request);
    if (loses(request)) throw new TransientError('answer-lost', 'the connection ended before the answer came');
    return response;
  };
}

/**
 * Throws a {@link TransportError} instead of asking the node, with the HTTP status that `fails` returns (429, 502, ...), over
 * HTTP with `Retry-After` if it names seconds.
 */
export function failTransport(
  handle: RpcHandle,
  fails: (request: JsonRpcRequest) => number | { readonly status: number; readonly retryAfterS: number } | undefined,
): RpcHandle {
  return async (request) => {
    const fault = fails(request);
    if (typeof fault === 'number') throw new TransportError(fault);
    if (fault !== undefined) throw new TransportError(fault.status, fault.retryAfterS);
    return handle(request);
  };
}

/** Never answers where `drops` says so, and never closes: a connection lost in the middle of the network. */
export function silentDrop(handle: RpcHandle, drops: (request: JsonRpcRequest) => boolean): RpcHandle {
  return (request) => (drops(request) ? new Promise(() => undefined) : handle(request));
}

/** A feed of blocks that tells websocket subscribers nothing while `mutes` says so: the socket stays open. */
export function silentSocket(blocks: BlockFeed, mutes: () => boolean): BlockFeed {
  return (listener) =>
    blocks((committed) => {
      if (!mutes()) listener(committed);
    });
}

const AT_HEIGHT = new Set(['block', 'block_results', 'commit', 'header', 'validators', 'consensus_params']);

/**
 * A node that is `behind()` blocks late: it knows nothing of the last blocks, whatever it is asked. Broadcasts go through. Its
 * state queries need a height that the chain still keeps (100 blocks back).
 */
export function laggingNode(handle: RpcHandle, behind: () => number): RpcHandle {
  return async (request) => {
    const status = await ask(handle, 'status', {});
    const sync = status.sync_info as Json;
    const seen = Math.max(1, Number(sync.latest_block_height) - behind());
    const { id, method } = request;
    const params = (request.params ?? {}) as Json;
    const asked = params.height === undefined || params.height === '' ? undefined : Number(params.height);
    if (method === 'status') return { jsonrpc: '2.0', id, result: await statusAt(handle, status, seen) };
    if (method === 'abci_query' || AT_HEIGHT.has(method)) {
      if (asked !== undefined && asked > seen) return tooHigh(id, asked, seen);
      return handle({ ...request, params: { ...params, height: String(asked || seen) } });
    }
    if (method === 'tx_search') {
      return handle({ ...request, params: { ...params, query: `${params.query} AND tx.height <= ${seen}` } });
    }
    const response = await handle(request);
    const isLater = method === 'tx' && 'result' in response && Number((response.result as Json).height) > seen;
    if (!isLater) return response;
    return errorResponse(id, new RpcError(`tx (${(response.result as Json).hash}) not found`));
  };
}

async function statusAt(handle: RpcHandle, status: Json, height: number): Promise<Json> {
  const { block_id: blockId, block } = await ask(handle, 'block', { height: String(height) });
  const { header } = block as { header: Json };
  const latest = {
    latest_block_hash: (blockId as Json).hash,
    latest_app_hash: header.app_hash,
    latest_block_height: header.height,
    latest_block_time: header.time,
  };
  return { ...status, sync_info: { ...(status.sync_info as Json), ...latest } };
}

async function ask(handle: RpcHandle, method: string, params: Json): Promise<Json> {
  const response = await handle({ jsonrpc: '2.0', id: 0, method, params });
  if ('error' in response) throw new RpcError(response.error.data ?? response.error.message);
  return response.result as Json;
}

function tooHigh(id: JsonRpcRequest['id'], asked: number, seen: number): JsonRpcResponse {
  const text = `height ${asked} must be less than or equal to the current blockchain height ${seen}`;
  return errorResponse(id, new RpcError(text));
}

function broadcastTx({ method, params }: JsonRpcRequest): Uint8Array | undefined {
  if (method !== 'broadcast_tx_sync' && method !== 'broadcast_tx_async') return undefined;
  const tx = (params as Json | undefined)?.tx;
  return typeof tx === 'string' ? Uint8Array.from(Buffer.from(tx, 'base64')) : undefined;
}
