import type { Chain } from '../../shared/ports/chain.ts';
import type { NodeSigner } from '../../shared/ports/signer.ts';
import { fromHex, toHex } from '../../shared/protocol/encoding.ts';
import { alphaOf, qualifies } from '../../shared/protocol/sortition.ts';
import type { RunRow } from '../../shared/rows/run.ts';

/**
 * The first round up to the current one in which the node has a seat in the query's present attempt, with its VRF proof;
 * undefined when it has none yet.
 */
export const drawSeat = async (chain: Chain, signer: NodeSigner, queryId: number): Promise<RunRow['draw']> => {
  const { seed, seats, weight, totalWeight, round: current } = await chain.draw(queryId, signer.address);
  if (weight === 0n) return undefined;
  for (let round = 0; round <= current; round++) {
    const { proof, beta } = await signer.prove(alphaOf(fromHex(seed), round));
    if (qualifies(beta, { weight, totalWeight, seats, round })) {
      return { round, proof: toHex(proof), beta: toHex(beta) };
    }
  }
  return undefined;
};
