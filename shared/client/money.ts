import { z } from 'zod';
import { BadInputError, InvariantError } from '../errors.ts';
import { checkBalanced, type Entry, ROLES, STAGES } from '../ledger/entry.ts';
import type { GasOfStage } from '../ledger/gas.ts';
import { feeAddsUp, type MoneySummary, summaryOf } from '../ledger/summary.ts';
import type { Chain } from '../ports/chain.ts';
import type { ApiHttp } from './http.ts';

const unes = z
  .string()
  .regex(/^-?\d{1,40}$/)
  .transform(BigInt);

const Answer = z.looseObject({
  queryId: z.int(),
  phase: z.string(),
  gas: z.array(
    z.object({ stage: z.enum(STAGES), messages: z.int(), failed: z.int(), gasUsed: z.int(), feesUnes: unes }),
  ),
  entries: z.array(
    z.object({
      account: z.string(),
      role: z.enum(ROLES),
      stage: z.enum(STAGES),
      unes,
      txHash: z.string(),
      height: z.int(),
    }),
  ),
  laterSettlementsLeftOut: z.int(),
});

export interface ClientMoney {
  readonly queryId: number;
  readonly phase: string;
  /** Added up here from the entries. */
  readonly summary: MoneySummary;
  readonly gas: readonly GasOfStage[];
  readonly entries: readonly Entry[];
  /** 0: checked. */
  readonly sumUnes: bigint;
  readonly laterSettlementsLeftOut: number;
}

/**
 * The API's entries, taken only when they add up to zero and agree with what the contract itself says of fee, payments and slashes.
 * @throws {BadInputError} `unknown-query`; {InvariantError} `ledger-unbalanced`, `money-refused`; and what the API refuses
 */
export const checkedMoney = async (
  api: ApiHttp,
  chain: () => Promise<Chain>,
  queryId: number,
): Promise<ClientMoney> => {
  const answer = await api.json(`/v1/queries/${queryId}/money`, Answer);
  const { entries, gas, phase, laterSettlementsLeftOut } = answer;
  checkBalanced(entries);
  const summary = summaryOf(entries);
  if (!feeAddsUp(summary)) throw refused(queryId, 'the fee is not where the entries say');
  await checkAgainstContract(await chain(), queryId, summary);
  return { queryId, phase, summary, gas, entries, sumUnes: 0n, laterSettlementsLeftOut };
};

const refused = (queryId: number, what: string): InvariantError =>
  new InvariantError('money-refused', `the API's account of query ${queryId} is not the contract's: ${what}`, {
    next: 'Ask again; if it stays so, ask another deployment.',
    details: { queryId },
  });

const checkAgainstContract = async (chain: Chain, queryId: number, summary: MoneySummary): Promise<void> => {
  const query = await chain.query(queryId);
  if (!query)
    throw new BadInputError('unknown-query', `the contract has no query ${queryId}`, { details: { queryId } });
  const attempts = Array.from({ length: query.opening ? query.attempt + 1 : 0 }, (_, i) => i);
  const seats = (await Promise.all(attempts.map((attempt) => chain.seats(queryId, attempt)))).flat();
  const total = (of: (seat: (typeof seats)[number]) => bigint): bigint => seats.reduce((sum, s) => sum + of(s), 0n);
  const paid = total(({ paidUnes }) => paidUnes);
  const slashed = total(({ slashedUnes }) => slashedUnes);
  const same = (name: string, said: bigint, is: bigint): void => {
    if (said !== is) throw refused(queryId, `${name} ${said} unes, the contract has ${is}`);
  };
  same('fee', summary.feeUnes, query.feeUnes);
  same('slashed', summary.slashedUnes, slashed);
  same('locked', summary.lockedUnes, query.outcome ? 0n : query.feeUnes);
  // What the bank refused a node went to the pool instead.
  if (summary.paidToNodesUnes > paid) same('paid to nodes', summary.paidToNodesUnes, paid);
};
