import { partOf } from '../protocol/money.ts';
import { MAX_ROUND, weightOf } from '../protocol/sortition.ts';
import type { ContractParams, ModelState } from '../protocol/state.ts';
import { type Committee, committees } from './committees.ts';
import { type Expected, expectedGain, type Stake, type Strategy, type Terms } from './expected-gain.ts';
import { reputationLoss } from './reputation-value.ts';

/** What cheating a model's askers would bring: the figures that `quorate model show` prints (docs/economics.md). */

export interface CheatingRow {
  readonly strategy: Strategy;
  /** Nodes that do it together, and their part of the stake. */
  readonly nodes: number;
  readonly stakeShare: number;
  /** Expected gain per query, in unes. */
  readonly gainUnes: number;
  /** The same less what these nodes would get by honest work. */
  readonly againstHonestUnes: number;
  /** Of the seats that they get, the part that is slashed. */
  readonly catchRate: number;
  /** Probability that the contract takes a wrong answer of theirs for right. */
  readonly wrongVerified: number;
  /** A wrong answer must be worth more than this to them before it pays; absent where none gets through. */
  readonly paysAbovePrizeUnes: number | undefined;
  /** Bond from which on it does not pay, with a prize of 0; absent where nothing is ever slashed. */
  readonly minimumBondUnes: number | undefined;
}

export interface CheatingFigures {
  readonly assumed: {
    /** Equal ones, of the mean bond and reputation of those that serve the model. */
    readonly nodes: number;
    readonly bondUnes: bigint;
    readonly reputation: number;
    readonly seats: number;
    readonly feeUnes: bigint;
    /** Mean pay of an honest seat. */
    readonly payUnes: number;
    /** Cost of a run: as much as a seat pays, the most at which anyone works, and the worst case for the asker. */
    readonly computeUnes: number;
    readonly slashUnes: number;
    readonly reputationUnes: number;
    readonly futureQueries: number;
  };
  readonly rows: readonly CheatingRow[];
  /** Least part of the stake with which agreeing on a lie that is worth nothing in itself pays; undefined if no part does. */
  readonly breakEvenStakeShare: number | undefined;
  /** An answer made up must be right more often than this to pay. */
  readonly breakEvenGuessRate: number;
  /** Bond from which on tossing a coin does not pay, for questions with two answers. */
  readonly minimumBondForCoinUnes: number | undefined;
}

/** Horizon for what reputation is worth. */
const FUTURE_QUERIES = 1_000;
/** A draw among more nodes than this differs from one among so many by less than the assumptions do. */
const MAX_NODES = 40;
/** Parts of the stake for which collusion is shown: at most so much, in whole nodes. */
const SHARES = [0.1, 0.2, 1 / 3, 0.5] as const;

/** Undefined while no node with a full bond serves the model. */
export const cheatingFigures = (
  model: Pick<ModelState, 'priceUnes' | 'windows'>,
  params: ContractParams,
  serving: readonly Stake[],
  wantedSeats: number,
): CheatingFigures | undefined => {
  const { minBondUnes, bondCapUnes, slashPpm, maxSeats } = params;
  const stakes = serving.filter(
    ({ bondUnes, reputation }) => weightOf(bondUnes, minBondUnes, bondCapUnes, reputation) > 0n,
  );
  if (stakes.length === 0) return undefined;
  const node: Stake = {
    bondUnes: stakes.reduce((sum, { bondUnes }) => sum + bondUnes, 0n) / BigInt(stakes.length),
    reputation: Math.round(stakes.reduce((sum, { reputation }) => sum + reputation, 0) / stakes.length),
  };
  const n = Math.min(stakes.length, MAX_NODES);
  const seats = Math.min(wantedSeats, maxSeats);
  const feeUnes = model.priceUnes * BigInt(seats);
  const network = (k: number) => ({ honest: Array(n - k).fill(node), coalition: Array(k).fill(node) });
  const draw = remembered();
  const free: Terms = {
    seats,
    feeUnes,
    lastRound: Math.min(MAX_ROUND, Math.floor(model.windows.commitBlocks / model.windows.roundBlocks)),
    slashPpm,
    minBondUnes,
    bondCapUnes,
    computeUnes: 0,
    prizeUnes: 0,
    guessRight: 0,
    reputationUnes: 0,
  };
  const one = expectedGain('honest', network(1), free, draw);
  const payUnes = one.seats === 0 ? 0 : one.gainUnes / one.seats;
  const { reputation, bondUnes } = node;
  const earnings = { reputation, seatChance: Math.min(1, one.seats), payUnes, computeUnes: payUnes };
  const reputationUnes = reputationLoss(earnings, FUTURE_QUERIES);
  const terms: Terms = { ...free, computeUnes: payUnes, reputationUnes };
  const slashUnes = Number(partOf(bondUnes, BigInt(slashPpm)));
  const honestOf = (k: number): Expected => expectedGain('honest', network(k), terms, draw);
  const row = (strategy: Strategy, k: number): CheatingRow =>
    rowOf(strategy, k / n, k, expectedGain(strategy, network(k), terms, draw), honestOf(k), { slashUnes, slashPpm });
  const coalitions = [...new Set(SHARES.map((share) => Math.floor(share * n)))].filter((k) => k > 1);
  const caught = slashUnes + reputationUnes;
  return {
    assumed: {
      nodes: n,
      bondUnes,
      reputation,
      seats,
      feeUnes,
      payUnes,
      computeUnes: payUnes,
      slashUnes,
      reputationUnes,
      futureQueries: FUTURE_QUERIES,
    },
    rows: [
      ...(['honest', 'guess', 'copy', 'withhold'] as const).map((strategy) => row(strategy, 1)),
      ...coalitions.slice(-1).map((k) => row('share-run', k)),
      ...coalitions.map((k) => row('collude', k)),
    ],
    breakEvenStakeShare: leastShare(n, (k) => row('collude', k).againstHonestUnes > 0),
    // right * pay - (1 - right) * caught = pay - compute, and compute = pay.
    breakEvenGuessRate: payUnes + caught === 0 ? 1 : caught / (payUnes + caught),
    minimumBondForCoinUnes: slashPpm === 0 ? undefined : Math.ceil(payUnes / (slashPpm / 1e6)),
  };
};

/** The same draw serves every strategy. */
const remembered = (): typeof committees => {
  const known = new Map<string, Committee[]>();
  return (honest, ours, seats, lastRound) => {
    const key = [honest, ours, [seats, lastRound]].map((part) => part.join()).join('/');
    const found = known.get(key) ?? committees(honest, ours, seats, lastRound);
    known.set(key, found);
    return found;
  };
};

const rowOf = (
  strategy: Strategy,
  stakeShare: number,
  nodes: number,
  expected: Expected,
  honest: Expected,
  { slashUnes, slashPpm }: { slashUnes: number; slashPpm: number },
): CheatingRow => {
  const againstHonestUnes = expected.gainUnes - honest.gainUnes;
  return {
    strategy,
    nodes,
    stakeShare,
    gainUnes: expected.gainUnes,
    againstHonestUnes,
    catchRate: expected.seats === 0 ? 0 : expected.faults / expected.seats,
    wrongVerified: expected.wrongVerified,
    paysAbovePrizeUnes:
      expected.wrongVerified > 0 ? Math.max(0, -againstHonestUnes / expected.wrongVerified) : undefined,
    minimumBondUnes: minimumBond(strategy, againstHonestUnes + expected.faults * slashUnes, expected.faults, slashPpm),
  };
};

/** @param unslashed gain over honest work if nothing were slashed: in unes; slashes grow with the bond, the rest does not */
const minimumBond = (strategy: Strategy, unslashed: number, faults: number, slashPpm: number): number | undefined => {
  // Never paid: it brings nothing at any bond.
  if (strategy === 'copy' || strategy === 'withhold') return 0;
  const slashes = (faults * slashPpm) / 1e6;
  return slashes === 0 ? undefined : Math.ceil(Math.max(0, unslashed) / slashes);
};

/** By halving: what pays for a coalition pays for a greater one. Everybody together is no coalition. */
const leastShare = (n: number, pays: (k: number) => boolean): number | undefined => {
  let [no, yes] = [0, n];
  while (yes - no > 1) {
    const k = Math.floor((no + yes) / 2);
    if (pays(k)) yes = k;
    else no = k;
  }
  return yes === n ? undefined : yes / n;
};
