import { z } from '@hono/zod-openapi';

export const HealthView = z
  .strictObject({
    status: z.enum(['ok', 'unhealthy']),
    /** What is wrong and what to look at; empty when all is well. */
    reasons: z.array(z.string()),
    chain: z.strictObject({
      chainId: z.string(),
      height: z.int().nullable(),
      headAgeMs: z.number().nullable(),
    }),
    cursor: z.strictObject({ lastReadHeight: z.int().nullable(), lagBlocks: z.int().nullable() }),
    outbox: z.strictObject({ oldestUnsentAgeMs: z.number() }),
    queues: z.record(
      z.string(),
      z.strictObject({ visible: z.int(), inFlight: z.int(), delayed: z.int(), dead: z.int() }),
    ),
  })
  .openapi('Health');
export type HealthView = z.infer<typeof HealthView>;

const Range = z.strictObject({ from: z.int(), to: z.int() });
export const CoverageView = z
  .strictObject({
    from: z.int(),
    to: z.int(),
    covered: z.int(),
    events: z.int(),
    gaps: z.array(Range),
    /** Heights whose parent hash is not the hash that was read one below. */
    breaks: z.array(z.int()),
  })
  .openapi('Coverage');
export type CoverageView = z.infer<typeof CoverageView>;

export const AnomaliesView = z
  .strictObject({
    anomalies: z.array(
      z.strictObject({
        kind: z.string(),
        queryId: z.int().optional(),
        height: z.int(),
        detail: z.string(),
        atMs: z.number(),
      }),
    ),
    next: z.string().nullable(),
  })
  .openapi('Anomalies');
export type AnomaliesView = z.infer<typeof AnomaliesView>;
