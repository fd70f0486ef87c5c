import type { ReconcileDeps } from './deps.ts';
import { measure } from './measure.ts';
import { sweepBatch } from './sweep-batch.ts';
import { type CoverageSwept, sweepCoverage } from './sweep-coverage.ts';
import { sweepDue } from './sweep-due.ts';
import { sweepJobs } from './sweep-jobs.ts';
import { sweepOutbox } from './sweep-outbox.ts';
import { sweepQueries } from './sweep-queries.ts';

export interface Swept {
  readonly unsent: number;
  readonly jobs: number;
  readonly batch: number;
  readonly woken: number;
  readonly queries: number;
  readonly coverage: CoverageSwept;
}

/** Repairs whatever a crash, a lost message or a silent worker left behind. Safe to run at any time and twice at once. */
export const reconcile = async (deps: ReconcileDeps): Promise<Swept> => {
  try {
    return await sweep(deps);
  } finally {
    await measure(deps);
  }
};

const sweep = async (deps: ReconcileDeps): Promise<Swept> => {
  const unsent = await sweepOutbox(deps);
  const jobs = await sweepJobs(deps);
  const batch = await sweepBatch(deps);
  const woken = await sweepDue(deps);
  const queries = await sweepQueries(deps);
  const coverage = await sweepCoverage(deps);
  return { unsent, jobs, batch, woken, queries, coverage };
};
