import type { Entry, Role, Stage } from './entry.ts';

/** What became of the fee and of the bonds, in unes. Follows from the entries alone, so whoever has them can check it. */
export interface MoneySummary {
  readonly feeUnes: bigint;
  readonly paidToNodesUnes: bigint;
  readonly paidToAgentUnes: bigint;
  /** Of the fee, without what was slashed. */
  readonly feeToPoolUnes: bigint;
  readonly refundedUnes: bigint;
  /** Still held for the query. */
  readonly lockedUnes: bigint;
  /** Taken from bonds: it went to the pool. */
  readonly slashedUnes: bigint;
  /** Fees of transactions: what their payers gave is what the validators got. */
  readonly gasFeesUnes: bigint;
}

export const summaryOf = (entries: readonly Entry[]): MoneySummary => {
  const sum = (role: Role, holds: (entry: Entry) => boolean = () => true): bigint =>
    entries.reduce((total, entry) => (entry.role === role && holds(entry) ? total + entry.unes : total), 0n);
  const gained = ({ unes }: Entry): boolean => unes > 0n;
  const slashedUnes = -sum('bond');
  const at = (stage: Stage) => (entry: Entry) => entry.stage === stage;
  return {
    feeUnes: sum('contract', (entry) => at('ask')(entry)),
    paidToNodesUnes: sum('node', gained),
    paidToAgentUnes: sum('agent', gained),
    feeToPoolUnes: sum('pool') - slashedUnes,
    refundedUnes: sum('asker', at('refund')),
    lockedUnes: sum('contract'),
    slashedUnes,
    gasFeesUnes: sum('validators'),
  };
};

/** Whether the fee is where it says it is: in = nodes + agent + pool + refunded + locked. */
export const feeAddsUp = (m: MoneySummary): boolean =>
  m.feeUnes === m.paidToNodesUnes + m.paidToAgentUnes + m.feeToPoolUnes + m.refundedUnes + m.lockedUnes;
