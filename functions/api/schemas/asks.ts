import { z } from '@hono/zod-openapi';
import { AmountText, HashText, Links } from './common.ts';

export const AskBody = z
  .strictObject({
    model: HashText.optional(),
    input: z.union([z.strictObject({ hash: HashText }), z.strictObject({ base64: z.string().min(1) })], {
      error: 'expected {"hash": ...} of an input that was sent before, or {"base64": ...}',
    }),
    seats: z.int().optional(),
    feeUnes: AmountText.optional(),
    maxUnits: z.int().positive().optional(),
  })
  .openapi('Ask');

export const AskView = z
  .strictObject({
    askId: z.string(),
    status: z.enum(['planned', 'signed', 'sent', 'included', 'refused', 'expired']),
    model: HashText,
    inputHash: HashText,
    seats: z.int(),
    feeUnes: AmountText,
    txHash: z.string().optional(),
    queryId: z.int().optional(),
    reason: z.string().optional(),
    links: Links,
  })
  .openapi('AskState');
export type AskView = z.infer<typeof AskView>;

export const IdempotencyKey = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,128}$/, 'expected 1 to 128 characters of A-Z a-z 0-9 . _ : -');

/** An idempotency key, with its tenant's name before it where there are tenants. */
export const AskId = z.string().regex(/^[A-Za-z0-9._:-]{1,161}$/, 'expected the id of an ask');

export const InputView = z
  .strictObject({
    hash: HashText,
    sizeBytes: z.int(),
    mediaType: z.string(),
    uri: z.string(),
    agent: z.string().nullable().openapi({ description: 'Address to name as agent when asking on chain' }),
  })
  .openapi('Input');
