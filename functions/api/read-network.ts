import { BadInputError } from '../../shared/errors.ts';
import type { ModelState, NodeState, Rule } from '../../shared/protocol/state.ts';
import type { ApiDeps } from './deps.ts';
import { readStakes, type Stakes, viewCheating } from './model-cheating.ts';
import { manifestIfHere } from './models.ts';
import type { ModelView, NodeView } from './schemas/network.ts';

const ruleName = (rule: Rule): ModelView['rule'] =>
  'exact' in rule ? 'exact' : 'tolerant' in rule ? 'tolerant' : 'custom';

/** The contract's part of a model, and the manifest's where it is installed here. */
const viewModel = async (deps: ApiDeps, model: ModelState, stakes: Stakes): Promise<ModelView> => {
  const manifest = await manifestIfHere(deps, model.id);
  return {
    id: model.id,
    name: manifest?.name ?? null,
    version: manifest?.version ?? null,
    task: manifest?.task ?? null,
    installed: manifest !== undefined,
    isDefault: model.id === deps.config.defaultModel,
    owner: model.owner,
    priceUnes: String(model.priceUnes),
    rule: ruleName(model.rule),
    windows: model.windows,
    withdrawn: model.withdrawn,
    totalWeight: String(model.totalWeight),
    cheating: viewCheating(deps, model, stakes),
  };
};

const viewNode = (node: NodeState): NodeView => ({
  address: node.address,
  vrfPublicKey: node.vrfPublicKey,
  bondUnes: String(node.bondUnes),
  unbonding: node.unbonding.map(({ amountUnes, releaseHeight }) => ({ amountUnes: String(amountUnes), releaseHeight })),
  reputationThousandths: node.reputation,
  models: [...node.models],
  tier: node.tier,
  seatsSettled: node.seatsSettled,
  seatsWon: node.seatsWon,
});

/** The contract gives at most 100 at once, so one more than the limit cannot be asked for: a full page may have a successor. */
const page = <T>(items: readonly T[], limit: number, idOf: (item: T) => string): string | null => {
  const last = items.at(-1);
  return last !== undefined && items.length >= limit ? idOf(last) : null;
};

export const listModels = async (deps: ApiDeps, after: string | undefined, limit: number) => {
  const [states, stakes] = await Promise.all([deps.chain.models(after, limit), readStakes(deps)]);
  const models = await Promise.all(states.map((state) => viewModel(deps, state, stakes)));
  return { models, next: page(states, limit, ({ id }) => id) };
};

/** @throws {BadInputError} `unknown-model` */
export const readModel = async (deps: ApiDeps, id: string): Promise<ModelView> => {
  const model = await deps.chain.model(id);
  if (model) return viewModel(deps, model, await readStakes(deps));
  throw new BadInputError('unknown-model', `the contract has no model ${id}`, {
    next: 'Choose one of GET /v1/models.',
    details: { id },
  });
};

export const listNodes = async ({ chain }: ApiDeps, after: string | undefined, limit: number) => {
  const states = await chain.nodes(after, limit);
  return { nodes: states.map(viewNode), next: page(states, limit, ({ address }) => address) };
};

/** @throws {BadInputError} `unknown-node` */
export const readNode = async ({ chain }: ApiDeps, address: string): Promise<NodeView> => {
  const node = await chain.node(address);
  if (node) return viewNode(node);
  throw new BadInputError('unknown-node', `the contract has no node ${address}`, {
    next: 'Choose one of GET /v1/nodes.',
    details: { address },
  });
};
