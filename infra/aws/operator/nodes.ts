import { openNodeKeys } from '../../../shared/adapters/aws/node-keys.ts';
import { BadInputError } from '../../../shared/errors.ts';
import type { Chain } from '../../../shared/ports/chain.ts';
import type { AccountSigner } from '../../../shared/ports/signer.ts';
import { vrfProve } from '../../../shared/protocol/ecvrf.ts';
import { tryModel } from '../../../workers/inference/try-model.ts';
import { grantExecution, registerNode } from '../../local/bootstrap.ts';
import { laneAddress } from './lane.ts';
import { clients, type Operation, onChain } from './operation.ts';

/** What the lane sends in a node's name. */
const LANE_CALLS = ['commit', 'reveal', 'settle'];
/** docs/economics.md: a fault must cost at least so many times the pay of a seat. */
const SLASH_TIMES_PAY = 20n;

export interface EnlistOptions {
  /** In the chain's denomination; without it, the least that keeps cheating a loss at the price of the dearest model. */
  readonly bondUnes?: bigint;
  readonly say: (line: string) => void;
}

/**
 * Bonds the nodes of these wallets, lets them serve the deployment's models, and grants the lane to act for them. Each step looks first,
 * so it can be repeated. The models' known answers are computed here: a node serves what this kind of machine computes.
 * @throws {BadInputError} `not-a-node` for a wallet that the configuration does not name, `unknown-model`
 */
export const enlistNodes = async (
  operation: Operation,
  wallets: readonly AccountSigner[],
  { bondUnes, say }: EnlistOptions,
): Promise<void> => {
  const { config } = operation;
  for (const { address } of wallets) {
    if (config.nodes.some((node) => node.address === address)) continue;
    throw new BadInputError('not-a-node', `wallet ${address} is none of the nodes of ${config.name}`, {
      next: 'Write its address under nodes in the configuration first.',
    });
  }
  const { comet, chain, terms } = await operation.chain();
  const lane = await laneAddress(operation);
  const keys = await openNodeKeys({
    client: clients.secrets(operation.aws),
    secretId: await operation.output('data', 'NodeKeysSecret'),
    addresses: wallets.map(({ address }) => address),
    ecvrfProve: vrfProve,
  });
  const blobs = await operation.blobs();
  const models = await Promise.all(
    config.models.map(async ({ id }) => ({ id, ...(await tryModel(id, blobs)), ...(await priceOf(chain, id)) })),
  );
  const amount = bondUnes ?? (await leastBond(chain, models));
  const bond = { denom: config.chain.denom, amount: String(amount) };
  await Promise.all(
    wallets.map(async (wallet) => {
      const vrfPublicKey = keys.get(wallet.address)?.vrfPublicKey ?? new Uint8Array(0);
      // Copied by hand: the methods of a signer are its class's.
      const { address, publicKey } = wallet;
      const node = { address, publicKey, signDigest: (digest: Uint8Array) => wallet.signDigest(digest), vrfPublicKey };
      for (const { id, computed } of models) {
        await onChain(() => registerNode(comet, chain, node, id, computed, { ...terms, bond }));
      }
      await onChain(() => grantExecution(comet, wallet, lane, config.chain.contract, LANE_CALLS, terms));
      say(`${wallet.address} is bonded, serves ${models.length} models and lets ${lane} act for it`);
    }),
  );
};

const priceOf = async (chain: Chain, id: string): Promise<{ readonly priceUnes: bigint }> => {
  const model = await chain.model(id);
  if (model) return { priceUnes: model.priceUnes };
  throw new BadInputError('unknown-model', `the contract has no model ${id}`, {
    next: "Register it: 'npm run cloud -- model -c FILE --register --wallet FILE'.",
  });
};

const leastBond = async (chain: Chain, models: readonly { readonly priceUnes: bigint }[]): Promise<bigint> => {
  const { minBondUnes, slashPpm } = await chain.params();
  if (slashPpm === 0) return minBondUnes;
  const enough = models.map(({ priceUnes }) => (SLASH_TIMES_PAY * priceUnes * 1_000_000n) / BigInt(slashPpm));
  return [minBondUnes, ...enough].toSorted((a, b) => Number(b - a))[0] ?? minBondUnes;
};
