import { z } from '@hono/zod-openapi';
import { AmountText } from './common.ts';

/** Expected values are no whole unes: numbers, rounded to hundredths. Shares and probabilities are 0 to 1. */
export const CheatingView = z
  .strictObject({
    assumed: z.strictObject({
      nodes: z.int(),
      bondUnes: AmountText,
      reputation: z.int(),
      seats: z.int(),
      feeUnes: AmountText,
      payUnes: z.number(),
      computeUnes: z.number(),
      slashUnes: z.number(),
      reputationUnes: z.number(),
      futureQueries: z.int(),
    }),
    strategies: z.array(
      z.strictObject({
        strategy: z.string(),
        nodes: z.int(),
        stakeShare: z.number(),
        /** Expected gain per query, in unes. */
        gainUnes: z.number(),
        againstHonestUnes: z.number(),
        catchRate: z.number(),
        wrongVerified: z.number(),
        paysAbovePrizeUnes: z.number().nullable(),
        minimumBondUnes: z.number().nullable(),
      }),
    ),
    breakEvenStakeShare: z.number().nullable(),
    breakEvenGuessRate: z.number(),
    minimumBondForCoinUnes: z.number().nullable(),
  })
  .openapi('Cheating');
export type CheatingView = z.infer<typeof CheatingView>;
