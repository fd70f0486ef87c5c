import { AnomalyRow, anomaliesPartition } from '../../shared/rows/coverage.ts';
import { MAX_COVERAGE_HEIGHTS, readCoverage } from './coverage.ts';
import type { ApiDeps } from './deps.ts';
import type { CoverageView } from './schemas/operations.ts';

interface Heights {
  readonly from: number;
  readonly to: number;
}

/** Anomalies looked through for one query. */
const MAX_ANOMALIES = 10_000;

/** What went wrong about a query: what names it, and what concerns whole blocks of its life. */
export const anomaliesOf = async (
  { store, chain }: ApiDeps,
  queryId: number,
  { from, to }: Heights,
): Promise<string[]> => {
  const rows = await store.list(anomaliesPartition(chain.chainId), { limit: MAX_ANOMALIES });
  return rows
    .map((row) => AnomalyRow.parse(row.body))
    .filter((row) => (row.queryId === undefined ? row.height >= from && row.height <= to : row.queryId === queryId))
    .map(({ kind, height, detail }) => `${kind} at ${height}: ${detail}`);
};

/** Whether this deployment read every block of a query's life, in sentences. */
export const explainCoverage = async (deps: ApiDeps, { from, to }: Heights): Promise<string[]> => {
  const last = Math.min(to, from + MAX_COVERAGE_HEIGHTS - 1);
  const { covered, gaps, breaks, twice, witnessed, endpoints } = await readCoverage(deps, { from, to: last });
  const blocks = `blocks ${from} to ${last}`;
  if (covered === 0) return [`This deployment has read none of ${blocks}, in which the query lives.`];
  const left = gaps.filter((gap) => gap.to < last);
  const [tail] = gaps.filter((gap) => gap.to === last);
  return [
    left.length === 0
      ? `All blocks ${from} to ${(tail?.from ?? last + 1) - 1} were read, none left out.`
      : `Of ${blocks} these were not read: ${left.map((gap) => `${gap.from} to ${gap.to}`).join(', ')}.`,
    ...(tail ? [`Blocks ${tail.from} to ${tail.to} are still to be read.`] : []),
    ...(breaks.length > 0 ? [`Blocks that do not follow from the one before: ${breaks.join(', ')}.`] : []),
    ...(twice.length > 0 ? [`Blocks recorded more than once: ${twice.join(', ')}.`] : []),
    ...readFrom(endpoints, covered, witnessed),
  ];
};

const readFrom = (endpoints: CoverageView['endpoints'], covered: number, witnessed: number): string[] => {
  const names = Object.entries(endpoints);
  if (names.length === 0) return [];
  const list = names.map(([name, { read, compared }]) => `${name} (${read} read, ${compared} compared)`).join(', ');
  return [`They were read from ${list}; ${witnessed} of ${covered} were compared with a second endpoint.`];
};
