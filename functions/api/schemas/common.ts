import { fromBech32 } from '@cosmjs/encoding';
import { z } from '@hono/zod-openapi';
import { ErrorBody } from '../errors.ts';

/** Given to CosmJS too: its own default, no limit at all, is refused by the decoder below it. */
const MAX_ADDRESS_CHARS = 128;

const isAddress = (value: string): boolean => {
  try {
    return fromBech32(value, MAX_ADDRESS_CHARS).data.length > 0;
  } catch {
    return false;
  }
};

export const HashText = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits')
  .openapi({ description: 'SHA-256 in lower-case hex.' });
export const AddressText = z.string().max(MAX_ADDRESS_CHARS).refine(isAddress, 'expected a bech32 address');
export const AmountText = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,37})$/, 'expected a whole number of unes in decimal digits, as a string')
  .openapi({ description: 'Whole unes in decimal digits.', example: '3000' });
export const Links = z.record(z.string(), z.string());
export const QueryId = z
  .string()
  .regex(/^\d{1,15}$/, 'expected a query id: decimal digits')
  .transform(Number)
  .openapi({ type: 'string', example: '7' });
export const Limit = z
  .string()
  .regex(/^([1-9]\d?|100)$/, 'expected a limit of 1 to 100')
  .default('50')
  .transform(Number)
  .openapi({ type: 'string', example: '50' });
export const Height = z
  .string()
  .regex(/^[1-9]\d{0,14}$/, 'expected a height: decimal digits')
  .transform(Number)
  .openapi({ type: 'string', example: '100' });

/** Responses of a route that answers JSON: this on success, the error body on each refusal. */
export const answers = <S extends number, T extends z.ZodType>(status: S, schema: T, description: string) => ({
  ...({ [status]: { description, content: { 'application/json': { schema } } } } as {
    [K in S]: { description: string; content: { 'application/json': { schema: T } } };
  }),
  default: { description: 'Refused or failed', content: { 'application/json': { schema: ErrorBody } } },
});

/** Responses of a route that answers bytes. */
export const answersBytes = (description: string) => ({
  200: { description, content: { 'application/octet-stream': { schema: z.string() } } },
  default: { description: 'Refused or failed', content: { 'application/json': { schema: ErrorBody } } },
});

/** The body of an answer in bytes. Named by its content where it can never change. */
export const bytesResponse = (bytes: Uint8Array, mediaType: string, etag: string): Response =>
  new Response(Buffer.from(bytes), {
    headers: {
      'content-type': mediaType,
      etag: `"${etag}"`,
      'cache-control': 'public, max-age=31536000, immutable',
      // A stranger's bytes: no browser may take them for a page of this origin.
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    },
  });
