import { z } from '@hono/zod-openapi';
import { ROLES, STAGES } from '../../../shared/ledger/entry.ts';
import { AmountText } from './common.ts';

const SignedText = z
  .string()
  .regex(/^-?\d+$/)
  .openapi({ description: 'Whole unes in decimal digits, negative for what was given.', example: '-3000' });

export const MoneyView = z
  .strictObject({
    queryId: z.int(),
    phase: z.string(),
    summary: z.strictObject({
      feeUnes: AmountText,
      paidToNodesUnes: AmountText,
      paidToAgentUnes: AmountText,
      feeToPoolUnes: AmountText,
      refundedUnes: AmountText,
      lockedUnes: AmountText,
      slashedUnes: AmountText,
      gasFeesUnes: AmountText,
    }),
    gas: z.array(
      z.strictObject({
        stage: z.enum(STAGES),
        messages: z.int(),
        failed: z.int(),
        gasUsed: z.int(),
        feesUnes: AmountText,
      }),
    ),
    entries: z.array(
      z.strictObject({
        account: z.string(),
        role: z.enum(ROLES),
        stage: z.enum(STAGES),
        unes: SignedText,
        txHash: z.string(),
        height: z.int(),
      }),
    ),
    /** Of all entries: 0. */
    sumUnes: SignedText,
    /** Settlements of the final query that did nothing and are too many to list. */
    laterSettlementsLeftOut: z.int(),
  })
  .openapi('Money');
export type MoneyView = z.infer<typeof MoneyView>;
