import { SIGMOID_PPM } from './sigmoid.ts';

/** Fee shares, reputation and slashing (docs/protocol.md section 6): the twin of the contract's money.rs, integer for integer. */

const PPM = 1_000_000n;
export const AGENT_PPM = 100_000n;

/** Reputation in thousandths: 0.1, 1 and 10. */
export const REPUTATION = { min: 100, start: 1_000, max: 10_000 } as const;

const clamped = (reputation: number): number => Math.min(Math.max(reputation, REPUTATION.min), REPUTATION.max);

/** The part of its slice that a winner gets, in ppm. @param reputation in thousandths */
export const sharePpm = (reputation: number): number => {
  const step = (REPUTATION.max - REPUTATION.min) / 100;
  const above = clamped(reputation) - REPUTATION.min;
  const index = Math.floor(above / step);
  const low = SIGMOID_PPM[index] as number;
  const high = SIGMOID_PPM[Math.min(index + 1, 100)] as number;
  const between = low + Math.floor(((high - low) * (above % step)) / step);
  return 600_000 + Math.floor(between / 5);
};

export const afterSuccess = (reputation: number): number => clamped(Math.floor((reputation * 1_010) / 1_000));
export const afterFault = (reputation: number): number => clamped(Math.floor((reputation * 800) / 1_000));

/** `amount * ppm / 10^6`, floor: of a stake what a fault costs, of a fee what the agent gets. */
export const partOf = (amountUnes: bigint, ppm: bigint): bigint => (amountUnes * ppm) / PPM;

/** How one fee is cut: `winners + agent + pool = fee`, always. In unes. */
export interface Cut {
  readonly winners: readonly bigint[];
  readonly agent: bigint;
  readonly pool: bigint;
}

/** @param reputations of the winners before this settlement, in thousandths */
export const cutFee = (feeUnes: bigint, reputations: readonly number[], withAgent: boolean): Cut => {
  const slice = reputations.length === 0 ? 0n : feeUnes / BigInt(reputations.length);
  const winners = reputations.map((reputation) => partOf(slice, BigInt(sharePpm(reputation))));
  const agent = withAgent ? partOf(feeUnes, AGENT_PPM) : 0n;
  return { winners, agent, pool: winners.reduce((left, paid) => left - paid, feeUnes - agent) };
};

/** Quorum of section 5: more than half of the committed seats, and more than half of the wanted ones. */
export const isMajority = (agreeing: number, committed: number, seats: number): boolean =>
  agreeing * 2 > committed && agreeing > Math.floor(seats / 2);

/**
 * The rule for a transaction with several messages: each bears the same part of fee and gas, whichever query it is about; parts are
 * whole unes and add up to the whole exactly (the i-th runs from `total * i / count` to `total * (i + 1) / count`, floors).
 */
export const shareOf = (total: bigint, index: number, count: number): bigint =>
  (total * BigInt(index + 1)) / BigInt(count) - (total * BigInt(index)) / BigInt(count);
