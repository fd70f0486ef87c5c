import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkBalanced, type Entry, move } from '../../shared/ledger/entry.ts';
import { gasByStage } from '../../shared/ledger/gas.ts';
import { queryMoney } from '../../shared/ledger/query-money.ts';
import { feeAddsUp, summaryOf } from '../../shared/ledger/summary.ts';
import { shareOf } from '../../shared/protocol/money.ts';
import { ASKER, type Choices, CONTRACT, inventQuery } from './invented-query.ts';

const member = fc.record({
  shows: fc.constantFrom<'right' | 'wrong' | 'mismatch' | 'late' | 'absent'>(
    ...(['right', 'right', 'right', 'wrong', 'mismatch', 'late', 'absent'] as const),
  ),
  stakeUnes: fc.bigInt(0n, 1n << 90n),
  reputation: fc.integer({ min: 100, max: 10_000 }),
});
const choices: fc.Arbitrary<Choices> = fc.record({
  feeUnes: fc.oneof(fc.bigInt(1n, 10_000n), fc.bigInt(1n, 1n << 100n)),
  seats: fc.integer({ min: 1, max: 11 }),
  // The asker's agent may be himself, or a node.
  agent: fc.constantFrom(undefined, 'agent', ASKER, 'node0'),
  attempts: fc.array(fc.array(member, { maxLength: 12 }), { minLength: 1, maxLength: 3 }),
  refuses: fc.subarray([ASKER, 'agent', 'node0', 'node2']).map((names) => new Set(names)),
  unsettled: fc.boolean(),
  txs: fc.array(
    fc.record({ feeUnes: fc.bigInt(0n, 100_000n), before: fc.nat({ max: 4 }), after: fc.nat({ max: 4 }) }),
    { minLength: 1, maxLength: 7 },
  ),
  failures: fc.nat({ max: 3 }),
});

const byBankAccount = (entries: readonly Entry[]): Map<string, bigint> => {
  const sums = new Map<string, bigint>();
  for (const { account, role, unes } of entries) {
    const where = role === 'bond' ? CONTRACT : account;
    sums.set(where, (sums.get(where) ?? 0n) + unes);
  }
  return sums;
};
const withoutZeros = (sums: ReadonlyMap<string, bigint>): [string, bigint][] =>
  [...sums].filter(([, unes]) => unes !== 0n).sort(([a], [b]) => (a < b ? -1 : 1));

describe('queryMoney', () => {
  it('adds up to zero and to every account, for any query', () => {
    fc.assert(
      fc.property(choices, (c) => {
        const { facts, changes } = inventQuery(c);
        const { entries, gas } = queryMoney(facts);
        expect(entries.reduce((sum, { unes }) => sum + unes, 0n)).toBe(0n);
        expect(withoutZeros(byBankAccount(entries))).toEqual(withoutZeros(changes));
        const summary = summaryOf(entries);
        expect(feeAddsUp(summary)).toBe(true);
        expect(summary.lockedUnes).toBe(facts.query.outcome ? 0n : c.feeUnes);
        expect(summary.slashedUnes).toBe(facts.seats.reduce((sum, { slashedUnes }) => sum + slashedUnes, 0n));
        expect(summary.feeToPoolUnes).toBeGreaterThanOrEqual(0n);
        expect(gas.reduce((sum, { feesUnes }) => sum + feesUnes, 0n)).toBe(summary.gasFeesUnes);
        expect(gas.reduce((sum, { failed }) => sum + failed, 0)).toBe(c.failures);
      }),
      { numRuns: 500 },
    );
  });

  it('says what is missing when any one transaction is not known', () => {
    fc.assert(
      fc.property(choices, fc.nat(), (c, nth) => {
        const { facts } = inventQuery({ ...c, failures: 0 });
        const hidden = [...facts.transactions.keys()][nth % facts.transactions.size]!;
        const transactions = new Map([...facts.transactions].filter(([hash]) => hash !== hidden));
        const details = { queryId: 7, missing: expect.arrayContaining([expect.any(String)]) };
        expect(() => queryMoney({ ...facts, transactions })).toThrow(
          expect.objectContaining({ code: 'money-incomplete', family: 'transient', details }),
        );
      }),
    );
  });

  it('refuses payments that the rule does not allow', () => {
    const right = { shows: 'right', stakeUnes: 1n, reputation: 1_000 } as const;
    const txs = [{ feeUnes: 1n, before: 0, after: 0 }];
    const { facts } = inventQuery({
      feeUnes: 3_000n,
      seats: 3,
      agent: 'agent',
      attempts: [[right, right, right]],
      refuses: new Set(),
      unsettled: false,
      txs,
      failures: 0,
    });
    const disagrees = expect.objectContaining({ code: 'money-disagrees', family: 'invariant' });
    for (const paidUnes of [607n, 801n]) {
      const seats = facts.seats.map((seat, i) => (i === 0 ? { ...seat, paidUnes } : seat));
      expect(() => queryMoney({ ...facts, seats })).toThrow(disagrees);
    }
    const seats = facts.seats.map((seat) => ({ ...seat, outcome: 'minority' as const }));
    expect(() => queryMoney({ ...facts, seats })).toThrow(disagrees);
    const events = facts.events.map((event) =>
      event.attributes.agent ? { ...event, attributes: { ...event.attributes, amount: '299' } } : event,
    );
    expect(() => queryMoney({ ...facts, events })).toThrow(disagrees);
    const silent = facts.events.filter(({ attributes }) => attributes.agent === undefined);
    expect(() => queryMoney({ ...facts, events: silent })).toThrow(
      expect.objectContaining({ code: 'money-incomplete' }),
    );
  });
});

describe('shares of a transaction with several messages', () => {
  it('add up to the whole and differ by at most one une', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 1n << 60n), fc.integer({ min: 1, max: 50 }), (total, count) => {
        const shares = Array.from({ length: count }, (_, i) => shareOf(total, i, count));
        expect(shares.reduce((sum, share) => sum + share, 0n)).toBe(total);
        expect(shares.every((share) => share === total / BigInt(count) || share === total / BigInt(count) + 1n)).toBe(
          true,
        );
      }),
    );
  });

  it('are counted by stage in the order of a query', () => {
    const act = { txHash: 'A', height: 1, sender: 'n', failed: false, gasUsed: 5, feeUnes: 2n, feePayer: 'n' };
    const acts = (['settle', 'ask', 'settle'] as const).map((stage) => ({ ...act, stage, call: stage }));
    expect(gasByStage(acts)).toEqual([
      { stage: 'ask', messages: 1, failed: 0, gasUsed: 5, feesUnes: 2n },
      { stage: 'settle', messages: 2, failed: 0, gasUsed: 10, feesUnes: 4n },
    ]);
  });
});

describe('double entry', () => {
  it('notices a movement with one side', () => {
    const at = { stage: 'ask', txHash: 'A', height: 1 } as const;
    const entries = move({ account: 'a', role: 'asker' }, { account: 'b', role: 'contract' }, 5n, at);
    expect(() => checkBalanced(entries)).not.toThrow();
    expect(() => checkBalanced(entries.slice(1))).toThrow(expect.objectContaining({ code: 'ledger-unbalanced' }));
  });
});
