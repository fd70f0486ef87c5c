import type { StageJob } from '../messages/stage-job.ts';

export type JobStart =
  | { readonly outcome: 'started' | 'already-started' }
  /** Not started, and why, in words for `quorate why`: no worker free, model not installed, out of budget ... */
  | { readonly outcome: 'refused'; readonly reason: string };

/**
 * Runs stage jobs on workers. Workers report through the Store (their stage rows and outbox), never through this port; so the
 * caller needs no connection to them, and a host may forget everything when it restarts.
 */
export interface JobHost {
  /**
   * Starts consecutive stages of one run together, so that each can pass its activations straight to the next.
   * Starting a job that already runs here is a no-op.
   */
  start(jobs: readonly StageJob[]): Promise<JobStart>;
}
