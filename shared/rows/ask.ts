import { z } from 'zod';
import { Hash } from '../messages/ids.ts';
import type { Key } from '../ports/store.ts';

/** An ask taken by the API on behalf of a caller: tied to its transaction; the query id is known once that is included. */
export const AskRow = z.strictObject({
  /** The caller's idempotency key, or one made for it. */
  askId: z.string(),
  /** SHA-256 of the canonical request: the same key with another request is refused. */
  requestHash: Hash,
  txId: z.string(),
  model: Hash,
  inputHash: Hash,
  seats: z.int(),
  feeUnes: z.string(),
  createdMs: z.number(),
});
export type AskRow = z.infer<typeof AskRow>;
export const askKey = (askId: string): Key => ({ pk: 'asks', sk: askId });
