import type { ReconcileDeps } from './deps.ts';
import { type CoverageSwept, sweepCoverage } from './sweep-coverage.ts';
import { sweepDue } from './sweep-due.ts';
import { sweepJobs } from './sweep-jobs.ts';
import { sweepQueries } from './sweep-queries.ts';

export interface Swept {
  readonly jobs: number;
  readonly woken: number;
  readonly queries: number;
  readonly coverage: CoverageSwept;
}

/** Repairs whatever a crash, a lost message or a silent worker left behind. Safe to run at any time and twice at once. */
export const reconcile = async (deps: ReconcileDeps): Promise<Swept> => {
  const jobs = await sweepJobs(deps);
  const woken = await sweepDue(deps);
  const queries = await sweepQueries(deps);
  const coverage = await sweepCoverage(deps);
  return { jobs, woken, queries, coverage };
};
