import type { Entry } from '../../ledger/entry.ts';
import type { ClientMoney } from '../money.ts';
import { table } from './table.ts';

/** The money of a query for people: a table of entries, then what they come to. */

const entryRow = ({ stage, account, role, unes, txHash, height }: Entry): string[] => [
  `  ${stage}`,
  role,
  account,
  String(unes),
  `${txHash.slice(0, 12)} @ ${height}`,
];

export const moneyLines = (money: ClientMoney): string[] => {
  const { summary: m, gas, entries } = money;
  const gasRows = gas.map(({ stage, messages, failed, gasUsed, feesUnes }) => [
    `  ${stage}`,
    `${messages} ${messages === 1 ? 'message' : 'messages'}${failed > 0 ? `, ${failed} failed` : ''}`,
    `${gasUsed} gas`,
    `${feesUnes} unes`,
  ]);
  const leftOut = money.laterSettlementsLeftOut;
  return [
    `query ${money.queryId}: ${money.phase}, fee ${m.feeUnes} unes`,
    ...table([['  stage', 'role', 'account', 'unes', 'transaction'], ...entries.map((entry) => entryRow(entry))], [3]),
    `fee: ${m.feeUnes} in = ${m.paidToNodesUnes} nodes + ${m.paidToAgentUnes} agent + ${m.feeToPoolUnes} pool + ${m.refundedUnes} refunded + ${m.lockedUnes} locked`,
    `bonds: ${m.slashedUnes} slashed = ${m.slashedUnes} to the pool`,
    `gas: ${m.gasFeesUnes} paid = ${m.gasFeesUnes} to the validators`,
    ...table(gasRows, [2, 3]),
    ...(leftOut > 0 ? [`  (${leftOut} later settlements that did nothing are left out)`] : []),
    `sum of ${entries.length} entries: ${money.sumUnes}`,
  ];
};
