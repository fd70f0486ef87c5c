import { type CheatingFigures, cheatingFigures } from '../../shared/ledger/cheating.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import type { ContractParams, ModelState, NodeState } from '../../shared/protocol/state.ts';
import type { ApiDeps } from './deps.ts';
import type { CheatingView } from './schemas/cheating.ts';

/** What the figures of every model need of the contract. */
export interface Stakes {
  readonly params: ContractParams;
  readonly nodes: readonly NodeState[];
}

const PAGE = 100;
/** The figures are means: more nodes than this would not change them. */
const MAX_NODES = 500;

export const readStakes = async ({ chain }: ApiDeps): Promise<Stakes> => {
  const [params, nodes] = await Promise.all([chain.params(), firstNodes(chain)]);
  return { params, nodes };
};

const firstNodes = async (chain: Chain): Promise<NodeState[]> => {
  const nodes: NodeState[] = [];
  while (nodes.length < MAX_NODES) {
    const page = await chain.nodes(nodes.at(-1)?.address, PAGE);
    nodes.push(...page);
    if (page.length < PAGE) break;
  }
  return nodes;
};

/** Null while no node with a full bond serves the model. */
export const viewCheating = (
  { config }: ApiDeps,
  model: ModelState,
  { params, nodes }: Stakes,
): CheatingView | null => {
  const serving = nodes.filter(({ models }) => models.includes(model.id));
  const figures = cheatingFigures(model, params, serving, config.defaultSeats);
  return figures ? view(figures) : null;
};

const cents = (unes: number): number => Math.round(unes * 100) / 100 + 0;
const ratio = (part: number): number => Math.round(part * 1e6) / 1e6;

const view = ({ assumed, rows, ...figures }: CheatingFigures): CheatingView => ({
  assumed: {
    ...assumed,
    bondUnes: String(assumed.bondUnes),
    feeUnes: String(assumed.feeUnes),
    payUnes: cents(assumed.payUnes),
    computeUnes: cents(assumed.computeUnes),
    reputationUnes: cents(assumed.reputationUnes),
  },
  strategies: rows.map((row) => ({
    strategy: row.strategy,
    nodes: row.nodes,
    stakeShare: ratio(row.stakeShare),
    gainUnes: cents(row.gainUnes),
    againstHonestUnes: cents(row.againstHonestUnes),
    catchRate: ratio(row.catchRate),
    wrongVerified: ratio(row.wrongVerified),
    paysAbovePrizeUnes: row.paysAbovePrizeUnes === undefined ? null : cents(row.paysAbovePrizeUnes),
    minimumBondUnes: row.minimumBondUnes ?? null,
  })),
  breakEvenStakeShare: figures.breakEvenStakeShare === undefined ? null : ratio(figures.breakEvenStakeShare),
  breakEvenGuessRate: ratio(figures.breakEvenGuessRate),
  minimumBondForCoinUnes: figures.minimumBondForCoinUnes ?? null,
});
