import { z } from 'zod';
import type { ContractEvent } from '../ports/chain.ts';
import type { Key, Write } from '../ports/store.ts';

/** One per height: proof that the height was read, and what was found in it. */
export const CoverageRow = z.strictObject({
  height: z.int(),
  hash: z.string(),
  parentHash: z.string(),
  /** Matching events found. */
  events: z.int(),
  /** Which pass of which watcher. */
  passId: z.string(),
  atMs: z.number(),
});
export type CoverageRow = z.infer<typeof CoverageRow>;

/** Where the watcher is: the next height to read. */
export const CursorRow = z.strictObject({
  next: z.int(),
  /** Hash of block `next - 1`, or absent before the first. */
  parentHash: z.string().optional(),
  /** Events of block `next` that are stored already, when a block needs several transactions. */
  offset: z.int(),
});
export type CursorRow = z.infer<typeof CursorRow>;

export const EventRow = z.strictObject({
  id: z.string(),
  kind: z.string(),
  queryId: z.int().optional(),
  txHash: z.string(),
  attributes: z.record(z.string(), z.string()),
});
export type EventRow = z.infer<typeof EventRow>;

const pad = (value: number): string => String(value).padStart(12, '0');
export const cursorKey = (chainId: string): Key => ({ pk: `chain/${chainId}`, sk: 'cursor' });
export const coveragePartition = (chainId: string): string => `coverage/${chainId}`;
export const coverageKey = (chainId: string, height: number): Key => ({
  pk: coveragePartition(chainId),
  sk: pad(height),
});
export const eventsPartition = (chainId: string, queryId: number | undefined): string =>
  `events/${chainId}/${queryId ?? 'none'}`;
/** Sorted by height, then place in the block. */
export const eventKey = (chainId: string, queryId: number | undefined, id: string): Key => ({
  pk: eventsPartition(chainId, queryId),
  sk: id
    .slice(chainId.length + 1)
    .split('/')
    .map((part) => part.padStart(12, '0'))
    .join('/'),
});

/** The same event is the same row, however often it is read. */
export const eventWrite = (chainId: string, event: ContractEvent): Write => {
  const { id, kind, queryId, txHash, attributes } = event;
  const body: EventRow = { id, kind, txHash, attributes: { ...attributes }, ...(queryId !== undefined && { queryId }) };
  return { kind: 'put', key: eventKey(chainId, queryId, id), body, expect: 'any' };
};

/** Something that an RPC said and the contract's own state denies, or kept silent about. */
export const AnomalyRow = z.strictObject({
  kind: z.enum(['invented-event', 'hidden-event', 'parent-hash']),
  queryId: z.int().optional(),
  height: z.int(),
  detail: z.string(),
  atMs: z.number(),
});
export type AnomalyRow = z.infer<typeof AnomalyRow>;
export const anomaliesPartition = (chainId: string): string => `anomalies/${chainId}`;
export const anomalyKey = (chainId: string, row: Pick<AnomalyRow, 'kind' | 'queryId' | 'height'>): Key => ({
  pk: anomaliesPartition(chainId),
  sk: `${row.kind}/${pad(row.queryId ?? 0)}${row.kind === 'parent-hash' ? `/${pad(row.height)}` : ''}`,
});
