import type { Expected, Network, Stake, Strategy, Terms } from '../../shared/ledger/expected-gain.ts';
import { afterFault, afterSuccess, cutFee, isMajority, partOf } from '../../shared/protocol/money.ts';
import { qualifies, weightOf } from '../../shared/protocol/sortition.ts';

/**
 * Queries played one by one with the contract's own integer rules (shared/protocol, which the vectors tie to the contract) and
 * random VRF outputs: what the formula is held against. Each query starts from the same stakes.
 */

/** xoshiro128** (Blackman, Vigna 2018): fast, and the same numbers for the same seed. */
export const seededBits = (seed: number): (() => number) => {
  let weyl = seed >>> 0;
  const start = (): number => {
    weyl = (weyl + 0x9e3779b9) >>> 0;
    let z = Math.imul(weyl ^ (weyl >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  let [a, b, c, d] = [start(), start(), start(), start()];
  const rotate = (x: number, k: number): number => (x << k) | (x >>> (32 - k));
  return () => {
    const out = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotate(d, 11);
    return out;
  };
};

interface Player extends Stake {
  readonly ours: boolean;
}

const MAX_COMMITTEE = 21;
const ATTEMPTS = 3;

class SimulatedQuery {
  readonly players: Player[];
  readonly #bits: () => number;
  readonly #terms: Terms;
  readonly #beta = new Uint8Array(64);
  readonly #view = new DataView(this.#beta.buffer);

  constructor({ honest, coalition }: Network, terms: Terms, bits: () => number) {
    this.players = [
      ...honest.map((stake) => ({ ...stake, ours: false })),
      ...coalition.map((stake) => ({ ...stake, ours: true })),
    ];
    this.#terms = terms;
    this.#bits = bits;
  }

  #uniform(): number {
    return this.#bits() / 2 ** 32;
  }

  /** Places in `players`, in the order of their commits. */
  committee(): number[] {
    const { minBondUnes, bondCapUnes, seats, lastRound } = this.#terms;
    const weights = this.players.map((p) => weightOf(p.bondUnes, minBondUnes, bondCapUnes, p.reputation));
    const totalWeight = weights.reduce((sum, weight) => sum + weight, 0n);
    const seated: number[] = [];
    const waiting = new Set(weights.keys());
    for (let round = 0; round <= lastRound && seated.length < seats; round++) {
      const drawn: number[] = [];
      for (const i of waiting) {
        this.#view.setUint32(0, this.#bits());
        this.#view.setUint32(4, this.#bits());
        if (qualifies(this.#beta, { weight: weights[i] as bigint, totalWeight, seats, round })) drawn.push(i);
      }
      // Who is faster is chance.
      for (let i = drawn.length - 1; i > 0; i--) {
        const j = Math.floor(this.#uniform() * (i + 1));
        [drawn[i], drawn[j]] = [drawn[j] as number, drawn[i] as number];
      }
      for (const i of drawn.slice(0, MAX_COMMITTEE - seated.length)) {
        seated.push(i);
        waiting.delete(i);
      }
    }
    return seated;
  }

  guess(): boolean {
    return this.#uniform() < this.#terms.guessRight;
  }
}

/** What each committed seat says: a text that stands for a digest, or nothing that counts. */
const RIGHT = 'right';
const says = (strategy: Strategy, query: SimulatedQuery, i: number): string | undefined => {
  switch (strategy) {
    case 'honest':
    case 'share-run':
      return RIGHT;
    case 'collude':
      return 'the agreed lie';
    case 'guess':
      return query.guess() ? RIGHT : `guess of ${i}`;
    case 'copy':
    case 'withhold':
      return undefined;
  }
};

/** The digest that most seats reveal, if no other is revealed as often and it is a majority. */
const verdict = (said: readonly (string | undefined)[], seats: number): string | undefined => {
  const counts = new Map<string, number>();
  for (const text of said) if (text !== undefined) counts.set(text, (counts.get(text) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  const leaders = [...counts].filter(([, count]) => count === most);
  return leaders.length === 1 && isMajority(most, said.length, seats) ? leaders[0]?.[0] : undefined;
};

/** One query from ask to end, as the coalition's gain. */
const playOne = (strategy: Strategy, network: Network, terms: Terms, bits: () => number): Expected => {
  const query = new SimulatedQuery(network, terms, bits);
  let [gainUnes, seats, faults, wrongVerified] = [0, 0, 0, 0];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const committee = query.committee();
    if (committee.length === 0) break;
    const ours = committee.filter((i) => query.players[i]?.ours).length;
    seats += ours;
    if (strategy === 'honest') gainUnes -= ours * terms.computeUnes;
    if (strategy === 'share-run' && ours > 0) gainUnes -= terms.computeUnes;
    const said = committee.map((i) => (query.players[i]?.ours ? says(strategy, query, i) : RIGHT));
    const verified = verdict(said, terms.seats);
    const winners = verified === undefined ? [] : committee.filter((_, seat) => said[seat] === verified);
    const { winners: paid } = cutFee(
      terms.feeUnes,
      winners.map((i) => query.players[i]?.reputation ?? 0),
      true,
    );
    committee.forEach((i, seat) => {
      const player = query.players[i] as Player;
      const won = winners.indexOf(i);
      const fault = won < 0 && (verified !== undefined || said[seat] === undefined);
      const slashed = fault ? partOf(player.bondUnes, BigInt(terms.slashPpm)) : 0n;
      if (player.ours) {
        gainUnes += Number(paid[won] ?? 0n) - Number(slashed) - (fault ? terms.reputationUnes : 0);
        faults += fault ? 1 : 0;
      }
      const reputation = fault ? afterFault : won >= 0 ? afterSuccess : (r: number) => r;
      query.players[i] = {
        ...player,
        bondUnes: player.bondUnes - slashed,
        reputation: reputation(player.reputation),
      };
    });
    if (verified === undefined) continue;
    if (verified !== RIGHT) {
      wrongVerified = 1;
      gainUnes += terms.prizeUnes;
    }
    break;
  }
  return { gainUnes, seats, faults, wrongVerified };
};

export interface Estimate {
  readonly mean: number;
  readonly standardError: number;
}

/** Means of so many queries. */
export const simulate = (
  strategy: Strategy,
  network: Network,
  terms: Terms,
  queries: number,
  seed: number,
): Record<keyof Expected, Estimate> => {
  const bits = seededBits(seed);
  const names = ['gainUnes', 'seats', 'faults', 'wrongVerified'] as const;
  const sums = names.map(() => ({ sum: 0, squares: 0 }));
  for (let i = 0; i < queries; i++) {
    const played = playOne(strategy, network, terms, bits);
    names.forEach((name, n) => {
      const total = sums[n] as { sum: number; squares: number };
      total.sum += played[name];
      total.squares += played[name] ** 2;
    });
  }
  const estimates = sums.map(({ sum, squares }): Estimate => {
    const mean = sum / queries;
    return { mean, standardError: Math.sqrt(Math.max(0, squares / queries - mean ** 2) / queries) };
  });
  return Object.fromEntries(names.map((name, n) => [name, estimates[n]])) as Record<keyof Expected, Estimate>;
};
