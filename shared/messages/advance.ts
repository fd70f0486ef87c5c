import { z } from 'zod';
import { Hash, RunRef } from './ids.ts';

const Query = z.strictObject({ chainId: z.string(), queryId: z.int().nonnegative() });

/**
 * Queue `advance-run`. Messages only say that something may have changed; what is true is read from the contract and the
 * store. So any of them may come twice, late or in another order.
 */
export const AdvanceMessage = z.discriminatedUnion('kind', [
  /** A contract event named this query. */
  z.strictObject({ kind: z.literal('query'), query: Query, eventId: z.string() }),
  /** A height that runs of this query wait for has come. */
  z.strictObject({ kind: z.literal('height'), query: Query, height: z.int().nonnegative() }),
  /** The last stage is done, or a stage failed for good. */
  z.strictObject({ kind: z.literal('stage'), run: RunRef, stage: z.int().nonnegative() }),
  /** A transaction of the run ended without effect: included with another code than 0, refused or expired. */
  z.strictObject({ kind: z.literal('transaction'), run: RunRef, txId: z.string() }),
]);
export type AdvanceMessage = z.infer<typeof AdvanceMessage>;

/** Queue `start-job`: place this run's stages. `lost` names a stage whose worker died in the epoch given. */
export const StartJobMessage = z.strictObject({
  run: RunRef,
  queryHash: Hash,
  model: Hash,
  input: Hash,
  lost: z.strictObject({ stage: z.int().nonnegative(), epoch: z.int().positive() }).optional(),
});
export type StartJobMessage = z.infer<typeof StartJobMessage>;
