import { BadInputError } from '../../shared/errors.ts';
import {
  AnomalyRow,
  anomaliesPartition,
  type CoverageRow,
  CursorRow,
  cursorKey,
  SweepRow,
  sweepKey,
} from '../../shared/rows/coverage.ts';
import { coverageBetween } from '../../shared/rows/read-coverage.ts';
import type { ApiDeps } from './deps.ts';
import type { AnomaliesView, CoverageView } from './schemas/operations.ts';

export const MAX_COVERAGE_HEIGHTS = 10_000;

const lastRead = async ({ store, chain }: ApiDeps): Promise<number> => {
  const cursor = await store.get(cursorKey(chain.chainId));
  return cursor ? CursorRow.parse(cursor.body).next - 1 : 0;
};

const sweptTo = async ({ store, chain }: ApiDeps): Promise<CoverageView['sweep']> => {
  const row = await store.get(sweepKey(chain.chainId));
  if (!row) return null;
  const { next, dueMs } = SweepRow.parse(row.body);
  return { sweptTo: next - 1, dueMs };
};

const count = (
  endpoints: CoverageView['endpoints'],
  name: string | undefined,
  as: keyof CoverageView['endpoints'][string],
): void => {
  if (name === undefined) return;
  const counts = endpoints[name] ?? { read: 0, compared: 0 };
  counts[as] += 1;
  endpoints[name] = counts;
};

/**
 * Which heights were read, and which were not. Without `to`, up to the last height read; without `from`, the last thousand.
 * @throws {BadInputError} `coverage-range`
 */
export const readCoverage = async (deps: ApiDeps, range: { from?: number; to?: number }): Promise<CoverageView> => {
  const to = range.to ?? Math.max(await lastRead(deps), range.from ?? 1);
  const from = range.from ?? Math.max(1, to - 999);
  if (to < from || to - from >= MAX_COVERAGE_HEIGHTS) {
    throw new BadInputError(
      'coverage-range',
      `heights ${from} to ${to}; 1 to ${MAX_COVERAGE_HEIGHTS} heights are allowed`,
      {
        next: 'Ask for a shorter range with from <= to.',
        details: { from, to, max: MAX_COVERAGE_HEIGHTS },
      },
    );
  }
  const view: CoverageView = {
    from,
    to,
    covered: 0,
    events: 0,
    gaps: [],
    breaks: [],
    twice: [],
    witnessed: 0,
    endpoints: {},
    sweep: await sweptTo(deps),
  };
  const twice = new Set<number>();
  let previous: CoverageRow | undefined;
  for await (const row of coverageBetween(deps.store, deps.chain.chainId, from, to)) {
    const expected = previous ? previous.height + 1 : from;
    // In a second row: two watchers have stored it, each in a stretch of its own.
    const again = row.height < expected;
    if (row.version > 1 || again) twice.add(row.height);
    if (again) continue;
    if (row.height > expected) view.gaps.push({ from: expected, to: row.height - 1 });
    if (previous && row.height === expected && row.parentHash !== previous.hash) view.breaks.push(row.height);
    if (row.witness !== undefined) view.witnessed += 1;
    count(view.endpoints, row.source, 'read');
    count(view.endpoints, row.witness, 'compared');
    view.covered += 1;
    view.events += row.events;
    previous = row;
  }
  const after = previous ? previous.height + 1 : from;
  if (after <= to) view.gaps.push({ from: after, to });
  return { ...view, twice: [...twice] };
};

/** What RPCs said and the contract denied, or kept silent about. */
export const listAnomalies = async (
  deps: ApiDeps,
  after: string | undefined,
  limit: number,
): Promise<AnomaliesView> => {
  const page = { limit: limit + 1, ...(after !== undefined && { after }) };
  const rows = await deps.store.list(anomaliesPartition(deps.chain.chainId), page);
  const shown = rows.slice(0, limit);
  const anomalies = shown
    .map((row) => AnomalyRow.parse(row.body))
    .map(({ queryId, ...row }) => ({
      ...row,
      ...(queryId !== undefined && { queryId }),
    }));
  return { anomalies, next: rows.length > limit ? (shown.at(-1)?.sk ?? null) : null };
};
