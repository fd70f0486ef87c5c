import type { Network, Stake, Strategy, Terms } from '../../shared/ledger/expected-gain.ts';

/** What the simulation is run on, by the test and by `npm run bench -- cheating`. */

export interface CheatingCase {
  readonly strategy: Strategy;
  readonly name: string;
  readonly network: Network;
  readonly terms: Terms;
}

/** As on the devnet, but for the worth of a lie and the odds of a guess, so that each counts. */
export const TERMS: Terms = {
  seats: 3,
  feeUnes: 3_000n,
  lastRound: 15,
  slashPpm: 50_000,
  minBondUnes: 100_000n,
  bondCapUnes: 10_000_000n,
  computeUnes: 400,
  prizeUnes: 200_000,
  guessRight: 0.3,
  reputationUnes: 900,
};

export const equal = (nodes: number, bondUnes = 1_000_000n, reputation = 1_000): Stake[] =>
  Array.from({ length: nodes }, () => ({ bondUnes, reputation }));

const UNEQUAL: readonly Stake[] = [200_000n, 500_000n, 1_000_001n, 3_000_000n, 12_000_000n, 99_999n].flatMap(
  (bondUnes, i) => [
    { bondUnes, reputation: 700 + 100 * i },
    { bondUnes, reputation: 1_300 },
  ],
);

const one = { honest: equal(19), coalition: equal(1) };

export const CASES: readonly CheatingCase[] = [
  { strategy: 'honest', name: '1 of 20', network: one, terms: TERMS },
  { strategy: 'guess', name: '1 of 20', network: one, terms: TERMS },
  { strategy: 'copy', name: '1 of 20', network: one, terms: TERMS },
  { strategy: 'withhold', name: '1 of 20', network: one, terms: TERMS },
  {
    strategy: 'withhold',
    name: '1 of 5, slashed over several attempts',
    network: { honest: equal(4), coalition: equal(1, 3_000_000n) },
    terms: { ...TERMS, seats: 5, lastRound: 0 },
  },
  { strategy: 'share-run', name: '4 of 12', network: { honest: equal(8), coalition: equal(4) }, terms: TERMS },
  { strategy: 'collude', name: '6 of 20', network: { honest: equal(14), coalition: equal(6) }, terms: TERMS },
  {
    strategy: 'collude',
    name: '5 of 12, committees of 5',
    network: { honest: equal(7), coalition: equal(5) },
    terms: { ...TERMS, seats: 5, feeUnes: 5_003n },
  },
  {
    strategy: 'collude',
    name: '4 among 12 of unequal stake',
    network: { honest: UNEQUAL, coalition: equal(4, 2_000_000n, 1_500) },
    terms: TERMS,
  },
];
