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
    /** RPC endpoints in order of preference; empty where they are not told apart. */
    endpoints: z.array(
      z.strictObject({
        name: z.string(),
        state: z.enum(['ready', 'lags', 'rests']),
        height: z.int(),
        requests: z.int(),
        failures: z.int(),
        lastError: z.string().nullable(),
        lastErrorAtMs: z.number().nullable(),
        restedUntilMs: z.number().nullable(),
      }),
    ),
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
    /** Heights whose record was written more than once, or is in two records. */
    twice: z.array(z.int()),
    /** Heights that were read from one endpoint and compared with another. */
    witnessed: z.int(),
    /** How many heights each endpoint gave, as the one that was read or the one that was compared. */
    endpoints: z.record(z.string(), z.strictObject({ read: z.int(), compared: z.int() })),
    /** The sweep that reads everything again: what it has confirmed so far, and when it goes on. */
    sweep: z.strictObject({ sweptTo: z.int(), dueMs: z.number() }).nullable(),
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
