import { z } from 'zod';
import { RunRef } from '../messages/ids.ts';
import type { Key } from '../ports/store.ts';

/** What is to be sent: one execution of the contract by one account. */
export const TxIntent = z.strictObject({
  /** Domain id: `<run id>/commit/1`, `ask/<key>`, `settle/<chain>/<query>/<attempt>/<n>`. */
  txId: z.string().min(1),
  signer: z.string().min(1),
  msg: z.record(z.string(), z.unknown()),
  fundsUnes: z.string().regex(/^\d+$/),
  /** Last height at which inclusion still helps. */
  deadlineHeight: z.int(),
  /** Whose state machine is told the end; absent for asks and sweeps. */
  run: RunRef.optional(),
});
export type TxIntent = z.infer<typeof TxIntent>;

const signed = {
  intent: TxIntent,
  /** TxRaw bytes in base64: kept before the first broadcast, and the only bytes ever sent for this signature. */
  bytes: z.string(),
  /** SHA-256 of the bytes, upper-case hex. */
  hash: z.string(),
  sequence: z.int(),
  timeoutHeight: z.int(),
};

/** PLANNED -> SIGNED -> SENT -> INCLUDED | EXPIRED; back to PLANNED only when these bytes can never be included. */
export const TxRow = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('planned'), intent: TxIntent, signatures: z.int() }),
  z.strictObject({ state: z.literal('signed'), ...signed, signatures: z.int() }),
  z.strictObject({ state: z.literal('sent'), ...signed, signatures: z.int() }),
  z.strictObject({
    state: z.literal('included'),
    intent: TxIntent,
    hash: z.string(),
    height: z.int(),
    code: z.int(),
    log: z.string(),
    gasUsed: z.int(),
    /** Query that the transaction's events name, for asks. */
    queryId: z.int().optional(),
    sizeBytes: z.int(),
  }),
  z.strictObject({ state: z.literal('expired'), intent: TxIntent, reason: z.string() }),
]);
export type TxRow = z.infer<typeof TxRow>;

export const txKey = (txId: string): Key => ({ pk: `tx/${txId}`, sk: 'tx' });

/** Due list of transactions that have not ended, by the time (ms) at which the sweep wakes them again. */
export const OPEN_TRANSACTIONS = 'open-transaction';

/** Queue `send-transaction`. */
export const SendTransactionMessage = z.strictObject({ txId: z.string().min(1) });
