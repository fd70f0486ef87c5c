import { afterFault, cutFee, isMajority, partOf } from '../protocol/money.ts';
import { weightOf } from '../protocol/sortition.ts';
import { committees } from './committees.ts';

/**
 * What a coalition of nodes can expect from one query, by what it does when drawn. The game is that of proof of sampling (PoSP,
 * arXiv 2405.00295): honest work is the best reply when a fault costs more than it can bring; here the check is not a sampled
 * re-run but the majority of the committee itself. Draw, verdict, payments and slashes are docs/protocol.md sections 3, 5 and 6.
 */

/** What the coalition's seats do. The others are honest, and honest runs agree. */
export const STRATEGIES = {
  honest: 'runs the model and says what comes out',
  'share-run': 'its nodes run the model once and all give that answer',
  copy: "commits another node's commitment, which it cannot open",
  guess: 'makes up an answer without running the model',
  withhold: 'commits to anything and never reveals',
  collude: 'its nodes agree on one wrong answer',
} as const;
export type Strategy = keyof typeof STRATEGIES;

export interface Stake {
  readonly bondUnes: bigint;
  /** In thousandths. */
  readonly reputation: number;
}

/** The rules, and what the coalition's doings are worth outside the protocol. Amounts in unes. */
export interface Terms {
  readonly seats: number;
  readonly feeUnes: bigint;
  readonly lastRound: number;
  readonly slashPpm: number;
  readonly minBondUnes: bigint;
  readonly bondCapUnes: bigint;
  /** Cost of running the model once. */
  readonly computeUnes: number;
  /** Worth of a wrong answer that the contract takes for right. */
  readonly prizeUnes: number;
  /** Probability that an answer made up without the model is the right one. */
  readonly guessRight: number;
  /** Value of the fees that a node misses later, for one fault now. */
  readonly reputationUnes: number;
}

/** Means over all draws, for the whole coalition and one query. */
export interface Expected {
  readonly gainUnes: number;
  /** Seats that the coalition gets, in all attempts. */
  readonly seats: number;
  /** Of these, slashed. */
  readonly faults: number;
  /** Probability that a wrong answer is verified. */
  readonly wrongVerified: number;
}

export interface Network {
  readonly honest: readonly Stake[];
  /** Alike at the start: the same bond and reputation. */
  readonly coalition: readonly Stake[];
}

const ATTEMPTS = 3;
const NOTHING: Expected = { gainUnes: 0, seats: 0, faults: 0, wrongVerified: 0 };

const plus = (a: Expected, b: Expected, times: number): Expected => ({
  gainUnes: a.gainUnes + times * b.gainUnes,
  seats: a.seats + times * b.seats,
  faults: a.faults + times * b.faults,
  wrongVerified: a.wrongVerified + times * b.wrongVerified,
});

/**
 * Exact up to rounding under the assumptions that docs/economics.md names; for `copy` and `withhold` by several nodes the seats of
 * attempts after a slash are reckoned with the coalition's mean stake.
 */
export const expectedGain = (
  strategy: Strategy,
  network: Network,
  terms: Terms,
  draw: typeof committees = committees,
  attempt = 0,
): Expected => {
  if (attempt === ATTEMPTS) return NOTHING;
  const weigh = ({ bondUnes, reputation }: Stake): number =>
    Number(weightOf(bondUnes, terms.minBondUnes, terms.bondCapUnes, reputation));
  const { honest, coalition } = network;
  const drawn = draw(honest.map(weigh), coalition.map(weigh), terms.seats, terms.lastRound);
  /** What comes after an attempt without majority, by the coalition's seats that were slashed in it. */
  const later = new Map<number, Expected>();
  const afterSlashing = (slashed: number): Expected => {
    const known = later.get(slashed);
    if (known) return known;
    const left = coalition.map((stake, i) => (i < slashed ? afterSlash(stake, terms.slashPpm) : stake));
    const expected = expectedGain(strategy, { honest, coalition: left }, terms, draw, attempt + 1);
    later.set(slashed, expected);
    return expected;
  };
  return drawn.reduce((sum, { honest: others, ours, probability }) => {
    if (others + ours === 0) return sum;
    return plus(sum, seatedGain(strategy, others, ours, coalition, terms, afterSlashing), probability);
  }, NOTHING);
};

const afterSlash = ({ bondUnes, reputation }: Stake, slashPpm: number): Stake => ({
  bondUnes: bondUnes - partOf(bondUnes, BigInt(slashPpm)),
  reputation: afterFault(reputation),
});

/** One attempt whose committee is known, and those after it if it has no majority. */
const seatedGain = (
  strategy: Strategy,
  others: number,
  ours: number,
  coalition: readonly Stake[],
  terms: Terms,
  afterSlashing: (slashed: number) => Expected,
): Expected => {
  const committed = others + ours;
  const runs = strategy === 'honest' ? ours : strategy === 'share-run' ? Math.min(ours, 1) : 0;
  const start = { ...NOTHING, seats: ours, gainUnes: -runs * terms.computeUnes };
  // The mean seat: which of the coalition's nodes are drawn does not depend on what they do, only on their weights.
  const meanOf = (value: (stake: Stake) => number): number =>
    coalition.reduce((sum, stake) => sum + value(stake), 0) / Math.max(1, coalition.length);
  const paid = (winners: number): number =>
    meanOf(({ reputation }) => Number(cutFee(terms.feeUnes, Array(winners).fill(reputation), true).winners[0]));
  const slashes = (faults: number): Expected => {
    const each = meanOf(({ bondUnes }) => Number(partOf(bondUnes, BigInt(terms.slashPpm)))) + terms.reputationUnes;
    return { ...NOTHING, faults, gainUnes: -faults * each };
  };
  /** @param right, wrong votes of the coalition's seats; the rest of them shows nothing that counts */
  const verdict = (right: number, wrong: number): Expected => {
    const missing = ours - right - wrong;
    if (isMajority(others + right, committed, terms.seats)) {
      const won = { ...start, gainUnes: start.gainUnes + (right === 0 ? 0 : right * paid(others + right)) };
      return plus(won, slashes(ours - right), 1);
    }
    if (isMajority(wrong, committed, terms.seats)) {
      const gainUnes = start.gainUnes + wrong * paid(wrong) + terms.prizeUnes;
      return plus({ ...start, gainUnes, wrongVerified: 1 }, slashes(missing), 1);
    }
    return plus(plus(start, slashes(missing), 1), afterSlashing(missing), 1);
  };
  switch (strategy) {
    case 'honest':
    case 'share-run':
      return verdict(ours, 0);
    case 'collude':
      return verdict(0, ours);
    case 'copy':
    case 'withhold':
      return verdict(0, 0);
    case 'guess': {
      // Every seat guesses for itself, and no two wrong guesses are alike.
      let sum = NOTHING;
      for (let right = 0; right <= ours; right++) {
        const wrong = ours - right;
        const p = binomial(ours, right) * terms.guessRight ** right * (1 - terms.guessRight) ** wrong;
        // Wrong guesses that differ from each other win nothing together.
        const apart = wrong > 1 && !isMajority(others + right, committed, terms.seats);
        if (p > 0) sum = plus(sum, apart ? plus(start, afterSlashing(0), 1) : verdict(right, wrong), p);
      }
      return sum;
    }
  }
};

const binomial = (n: number, k: number): number => {
  let value = 1;
  for (let i = 1; i <= k; i++) value = (value * (n - k + i)) / i;
  return value;
};
