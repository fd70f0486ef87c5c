import { buildReceipt } from '../../functions/api/build-receipt.ts';
import { toHex } from '../../shared/protocol/encoding.ts';
import { apiOf } from './api-of.ts';
import { ChainWithModel } from './chain-with-model.ts';
import { type Play, type Played, playQuery } from './play-query.ts';

export interface Proved {
  readonly world: ChainWithModel;
  readonly played: Played;
  readonly file: Uint8Array;
}

/** Hash of a block's header as the chain's own node gives it, upper-case hex. */
export const headerHashAt = async (world: ChainWithModel, height: number): Promise<string> =>
  toHex((await world.comet.block(height)).blockId.hash).toUpperCase();

/** Plays one query and builds its receipt file at the API of the operator of the first `operated` nodes. */
export const prove = async (world: ChainWithModel, play: Play = {}, operated = world.nodes.length): Promise<Proved> => {
  const played = await playQuery(world, play);
  const nodes = world.nodes.slice(0, operated).map((node) => node.address);
  const file = await buildReceipt(await apiOf(world, played, nodes), played.queryId);
  return { world, played, file };
};

export const proveOne = async (members: number, play: Play = {}): Promise<Proved> =>
  prove(await ChainWithModel.open(members), play);
