import type { RpcAnswer, RpcRequest } from './transport.ts';

type Json = Readonly<Record<string, unknown>>;

/** What an answer must at least hold; CosmJS checks the rest. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  status: ['node_info', 'sync_info'],
  block: ['block_id', 'block'],
  block_results: ['height'],
  abci_query: ['response'],
  tx_search: ['txs'],
  broadcast_tx_sync: ['code', 'hash'],
};

const object = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
const number = (value: unknown): number | undefined => {
  const read = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
  return Number.isSafeInteger(read) && read >= 0 ? read : undefined;
};
const paramsOf = (request: RpcRequest): Json => (Array.isArray(request.params) ? {} : object(request.params));

/** Height that a request is about; undefined when it is about the node's newest state. */
export const heightAsked = (request: RpcRequest): number | undefined => number(paramsOf(request).height) || undefined;

export const isBroadcast = ({ method }: RpcRequest): boolean => method.startsWith('broadcast_tx');

/** A search by hash is the only proof of absence that a transaction's sender has: it must know at least what the head told. */
export const provesAbsence = ({ method }: RpcRequest): boolean => method === 'tx_search' || method === 'tx';

/** Why an answer cannot be one to this request; undefined for a plausible one. */
export const misfit = (request: RpcRequest, answer: RpcAnswer): string | undefined => {
  const result = object(object(answer).result);
  const missing = (FIELDS[request.method] ?? []).find((field) => result[field] === undefined);
  if (missing !== undefined) return `its answer to '${request.method}' has no '${missing}'`;
  const asked = heightAsked(request);
  const got = blockHeight(request.method, result);
  if (asked !== undefined && got !== undefined && got !== asked) return `asked for height ${asked} it gave ${got}`;
  return undefined;
};

const blockHeight = (method: string, result: Json): number | undefined => {
  if (method === 'block') return number(object(object(result.block).header).height);
  return method === 'block_results' ? number(result.height) : undefined;
};

/** The node's own newest height, where an answer shows it. */
export const newestHeight = (request: RpcRequest, answer: RpcAnswer): number | undefined => {
  const result = object(answer.result);
  if (request.method === 'status') return number(object(result.sync_info).latest_block_height);
  if (request.method !== 'abci_query' || heightAsked(request) !== undefined) return undefined;
  return number(object(result.response).height) || undefined;
};

export const networkOf = (answer: RpcAnswer): unknown => object(object(answer.result).node_info).network;

/** CometBFT's refusal of a height that the node does not have yet, and the height that it has. */
export const heightInRefusal = (text: string): number | undefined =>
  number(/must be less than or equal to the current blockchain height (\d+)/.exec(text)?.[1]);
