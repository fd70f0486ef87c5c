import { afterFault, afterSuccess, sharePpm } from '../protocol/money.ts';

/** What a node earns for a seat, and how often it gets one, at its present reputation. Amounts in unes. */
export interface Earnings {
  /** In thousandths. */
  readonly reputation: number;
  /** Probability of a seat in a query. */
  readonly seatChance: number;
  /** Pay of a seat, from the fee. */
  readonly payUnes: number;
  readonly computeUnes: number;
}

/**
 * What honest work brings over so many queries, beginning at another reputation than the present one: it grows with every seat and
 * is not counted beyond the present one, since that of the others grows too. The chance of a seat goes with it (section 3), the share
 * by the table of section 6.
 */
export const workValue = (earnings: Earnings, reputation: number, queries: number): number => {
  const path = [reputation];
  for (;;) {
    const [last = 0] = path.slice(-1);
    const next = Math.min(afterSuccess(last), earnings.reputation);
    if (next <= last || path.length > queries) break;
    path.push(next);
  }
  const steps = path.map((r) => ({
    chance: Math.min(1, (earnings.seatChance * r) / earnings.reputation),
    profit: (earnings.payUnes * sharePpm(r)) / sharePpm(earnings.reputation) - earnings.computeUnes,
  }));
  // Backwards: the value with t queries left, by place on the path.
  let value = path.map(() => 0);
  for (let t = 0; t < queries; t++) {
    value = steps.map(({ chance, profit }, j) => {
      const stay = value[j] ?? 0;
      return stay + chance * (profit + (value[j + 1] ?? stay) - stay);
    });
  }
  return value[0] ?? 0;
};

/** Value of the fees that one fault costs later, over so many queries. */
export const reputationLoss = (earnings: Earnings, queries: number): number =>
  Math.max(
    0,
    workValue(earnings, earnings.reputation, queries) - workValue(earnings, afterFault(earnings.reputation), queries),
  );
