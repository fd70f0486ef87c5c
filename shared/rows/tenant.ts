import { z } from 'zod';

/** Who may ask at a deployment's cost. The key itself is the tenant's; only its hash is kept. */
export const Tenant = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]{1,32}$/, 'expected 1 to 32 of a-z, 0-9 and -'),
  /** SHA-256 of the API key, lower-case hex. */
  apiKeySha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits'),
  /** Most asks of one UTC day. */
  asksPerDay: z.int().positive(),
});
export type Tenant = z.infer<typeof Tenant>;
