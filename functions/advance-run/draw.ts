import type { Chain } from '../../shared/ports/chain.ts';
import type { NodeKeys } from '../../shared/ports/signer.ts';
import { fromHex, toHex } from '../../shared/protocol/encoding.ts';
import { alphaOf, qualifies } from '../../shared/protocol/sortition.ts';
import type { QueryState } from '../../shared/protocol/state.ts';
import type { RunRow } from '../../shared/rows/run.ts';

/**
 * Tries the rounds of the query's present attempt that the node has not tried yet, up to the current one.
 * @returns what is known of the draw now; with `draw`, round and VRF proof, once the node has a seat
 */
export const drawSeat = async (
  chain: Chain,
  signer: NodeKeys,
  { id, seats, opening }: QueryState,
  known: RunRow['tried'],
): Promise<Pick<RunRow, 'tried' | 'draw'>> => {
  if (!opening) return {};
  const weight = known ? BigInt(known.weight) : (await chain.draw(id, signer.address)).weight;
  const tried = { weight: String(weight), rounds: opening.round + 1 };
  if (weight === 0n) return { tried };
  for (let round = known?.rounds ?? 0; round <= opening.round; round++) {
    const { proof, beta } = await signer.prove(alphaOf(fromHex(opening.seed), round));
    if (qualifies(beta, { weight, totalWeight: opening.totalWeight, seats, round })) {
      return { tried, draw: { round, proof: toHex(proof), beta: toHex(beta) } };
    }
  }
  return { tried };
};
