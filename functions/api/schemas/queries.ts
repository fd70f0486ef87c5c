import { z } from '@hono/zod-openapi';
import { AmountText, HashText, Links } from './common.ts';

export const QueryView = z
  .strictObject({
    queryId: z.int(),
    status: z.enum(['queued', 'committing', 'revealing', 'settling', 'verified', 'refunded']),
    attempt: z.int(),
    queryHash: HashText,
    asker: z.string(),
    model: HashText,
    inputHash: HashText,
    seats: z.int(),
    feeUnes: AmountText,
    askedHeight: z.int(),
    digest: HashText.optional(),
    votes: z.int().optional(),
    committed: z.int().optional(),
    reason: z.string().optional(),
    settledHeight: z.int().optional(),
    history: z.array(z.strictObject({ attempt: z.int(), status: z.string(), height: z.int(), atMs: z.number() })),
    links: Links,
  })
  .openapi('Query');
export type QueryView = z.infer<typeof QueryView>;

export const QueriesView = z
  .strictObject({ queries: z.array(QueryView), next: z.string().nullable() })
  .openapi('Queries');

export const WhyView = z
  .strictObject({
    queryId: z.int(),
    status: z.string(),
    /** Plain sentences about the query. */
    sentences: z.array(z.string()),
    runs: z.array(
      z.strictObject({
        node: z.string(),
        attempt: z.int(),
        state: z.string(),
        sentences: z.array(z.string()),
      }),
    ),
    anomalies: z.array(z.string()),
  })
  .openapi('Why');
export type WhyView = z.infer<typeof WhyView>;
