import type { Chain } from '../chain.ts';
import { RpcError } from './json-rpc.ts';
import type { Params } from './params.ts';

/** One RPC method; throws RpcError. `params` names the parameters in the order a positional call gives them. */
export interface Method {
  readonly params: readonly string[];
  run(chain: Chain, params: Params): unknown;
}

const DEFAULT_PER_PAGE = 30;
const MAX_PER_PAGE = 100;

/** The wanted height, by default the latest (CometBFT v0.38 rpc/core/env.go getHeight). Throws RpcError. */
export function wantedHeight(latest: number, params: Params): number {
  const height = params.integer('height');
  if (height === undefined) return latest;
  if (height <= 0) throw new RpcError(`height must be greater than 0, but got ${height}`);
  if (height > latest) {
    throw new RpcError(`height ${height} must be less than or equal to the current blockchain height ${latest}`);
  }
  return height;
}

/** Offset and size of the wanted page (rpc/core/env.go validatePage, validatePerPage); `total` may be 0. Throws RpcError. */
export function wantedPage(total: number, params: Params): { offset: number; limit: number } {
  const asked = params.integer('per_page') ?? DEFAULT_PER_PAGE;
  const limit = asked < 1 ? DEFAULT_PER_PAGE : Math.min(asked, MAX_PER_PAGE);
  const pages = Math.max(1, Math.ceil(total / limit));
  const page = params.integer('page') ?? 1;
  if (page < 1 || page > pages) throw new RpcError(`page should be within [1, ${pages}] range, given ${page}`);
  return { offset: (page - 1) * limit, limit };
}
