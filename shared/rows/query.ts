import { z } from 'zod';
import { Hash } from '../messages/ids.ts';
import type { Key } from '../ports/store.ts';
import { phaseAt } from '../protocol/phase.ts';
import type { QueryPhase, QueryState } from '../protocol/state.ts';

/** Read model of one query: what the API shows. Written by advance-run only, from the contract's own state, forwards only. */
export const QueryRow = z.strictObject({
  chainId: z.string(),
  queryId: z.int(),
  queryHash: Hash,
  asker: z.string(),
  model: Hash,
  inputHash: Hash,
  seats: z.int(),
  feeUnes: z.string(),
  askedHeight: z.int(),
  attempt: z.int(),
  status: z.enum(['queued', 'committing', 'revealing', 'settling', 'verified', 'refunded']),
  /** Winning digest, once verified. */
  digest: Hash.optional(),
  votes: z.int().optional(),
  committed: z.int().optional(),
  /** Why it was refunded. */
  reason: z.string().optional(),
  settledHeight: z.int().optional(),
  history: z.array(z.strictObject({ attempt: z.int(), status: z.string(), height: z.int(), atMs: z.number() })),
});
export type QueryRow = z.infer<typeof QueryRow>;
export type QueryStatus = QueryRow['status'];

/** Order of statuses inside one attempt: a row never moves to a lower one (promise P4). */
export const STATUS_RANK: Readonly<Record<QueryStatus, number>> = {
  queued: 0,
  committing: 1,
  revealing: 2,
  settling: 3,
  verified: 4,
  refunded: 4,
};

const STATUS_OF = {
  queued: 'queued',
  commit: 'committing',
  reveal: 'revealing',
  settle: 'settling',
  expire: 'settling',
  verified: 'verified',
  refunded: 'refunded',
} as const satisfies Record<QueryPhase, QueryStatus>;

/** What the contract's state at this height says, as a row without its history. */
export const queryRow = (chainId: string, q: QueryState, height: number): Omit<QueryRow, 'history'> => ({
  chainId,
  queryId: q.id,
  queryHash: q.queryHash,
  asker: q.asker,
  model: q.model,
  inputHash: q.inputHash,
  seats: q.seats,
  feeUnes: String(q.feeUnes),
  askedHeight: q.askedHeight,
  attempt: q.attempt,
  status: STATUS_OF[phaseAt(q, height)],
  ...(q.outcome && { settledHeight: q.outcome.height, votes: q.outcome.votes, committed: q.outcome.committed }),
  ...(q.outcome?.digest && { digest: q.outcome.digest }),
  ...(q.outcome?.reason && { reason: q.outcome.reason }),
});

const pad = (id: number): string => String(id).padStart(12, '0');
export const queriesPartition = (chainId: string): string => `queries/${chainId}`;
export const queryKey = (chainId: string, queryId: number): Key => ({
  pk: queriesPartition(chainId),
  sk: pad(queryId),
});

/** Due list of queries that are not final, by the height at which they were asked: what the sweep looks through. */
export const openQueries = (chainId: string): string => `open-query/${chainId}`;
