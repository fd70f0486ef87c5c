import { z } from 'zod';
import { InvariantError } from '../errors.ts';
import type { ContractEvent } from '../ports/chain.ts';
import type { Expect, Key, Write } from '../ports/store.ts';

/** Of one height: proof that the height was read, and what was found in it. */
export const CoverageRow = z.strictObject({
  height: z.int(),
  hash: z.string(),
  parentHash: z.string(),
  /** Matching events found. */
  events: z.int(),
  /** Which pass of which watcher. */
  passId: z.string(),
  atMs: z.number(),
  /** Endpoint that it was read from, and the one that it was compared with, where endpoints are told apart. */
  source: z.string().optional(),
  witness: z.string().optional(),
});
export type CoverageRow = z.infer<typeof CoverageRow>;

/** What is stored: consecutive heights, ascending, of one transaction in one row, since each row written is paid. */
export const CoverageStretch = z.strictObject({ blocks: z.array(CoverageRow).min(1) });
export type CoverageStretch = z.infer<typeof CoverageStretch>;

/** Where the watcher is: the next height to read. */
export const CursorRow = z.strictObject({
  next: z.int(),
  /** Hash of block `next - 1`, or absent before the first. */
  parentHash: z.string().optional(),
  /** Events of block `next` that are stored already, when a block needs several transactions. */
  offset: z.int(),
  /** Then: which block that is, and the last event of it that is stored. */
  hash: z.string().optional(),
  after: z.string().optional(),
});
export type CursorRow = z.infer<typeof CursorRow>;

/** Where the sweep over what is covered is, and when it is due again. */
export const SweepRow = z.strictObject({ next: z.int(), dueMs: z.number() });
export type SweepRow = z.infer<typeof SweepRow>;

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
export const sweepKey = (chainId: string): Key => ({ pk: `chain/${chainId}`, sk: 'sweep' });
export const coveragePartition = (chainId: string): string => `coverage/${chainId}`;
/** Of the stretch with this last height: the first row not before a height is the only one that may hold it. */
export const coverageKey = (chainId: string, last: number): Key => ({ pk: coveragePartition(chainId), sk: pad(last) });
/** @throws {InvariantError} `coverage-stretch` unless the heights are consecutive and ascending, at least one */
export const coverageWrite = (
  chainId: string,
  blocks: readonly CoverageRow[],
  expect: Extract<Expect, string> = 'any',
): Write => {
  const heights = blocks.map(({ height }) => height);
  const [first, last] = [heights.at(0), heights.at(-1)];
  if (first === undefined || last === undefined || heights.some((height, i) => height !== first + i)) {
    throw new InvariantError(
      'coverage-stretch',
      `a row of coverage would hold heights [${heights.join(', ')}]; consecutive ones are allowed`,
    );
  }
  const body: CoverageStretch = { blocks: [...blocks] };
  return { kind: 'put', key: coverageKey(chainId, last), body, expect };
};
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

/**
 * Something that an RPC said and that is denied, or kept silent about: by the contract's own state (`invented-event`,
 * `hidden-event`), by the chain's own links (`parent-hash`), by another RPC (`block-hash`, `rpc-disagrees`), or by a later
 * reading (`missed-event`, `missed-block`).
 */
export const AnomalyRow = z.strictObject({
  kind: z.enum([
    'invented-event',
    'hidden-event',
    'parent-hash',
    'block-hash',
    'rpc-disagrees',
    'missed-event',
    'missed-block',
  ]),
  queryId: z.int().optional(),
  height: z.int(),
  detail: z.string(),
  atMs: z.number(),
});
export type AnomalyRow = z.infer<typeof AnomalyRow>;
export const anomaliesPartition = (chainId: string): string => `anomalies/${chainId}`;
/** Once per query for what is about a query's existence; once per query and height for what is about a reading. */
const PER_QUERY: ReadonlySet<AnomalyRow['kind']> = new Set(['invented-event', 'hidden-event']);
export const anomalyKey = (chainId: string, row: Pick<AnomalyRow, 'kind' | 'queryId' | 'height'>): Key => ({
  pk: anomaliesPartition(chainId),
  sk: `${row.kind}/${pad(row.queryId ?? 0)}${PER_QUERY.has(row.kind) ? '' : `/${pad(row.height)}`}`,
});
export const anomalyWrite = (chainId: string, body: AnomalyRow): Write => ({
  kind: 'put',
  key: anomalyKey(chainId, body),
  body,
  expect: 'any',
});
