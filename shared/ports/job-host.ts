import type { StageJob } from '../messages/stage-job.ts';
import type { WorkerKind } from '../planning/choose-workers.ts';

export type JobStart =
  | {
      readonly outcome: 'started' | 'already-started';
      /** Under which the host knows them, where it has ids of its own. */
      readonly jobId?: string;
    }
  /** Not started, and why, in words for `quorate why`: no worker free, model not installed, out of budget ... */
  | { readonly outcome: 'refused'; readonly reason: string };

export interface StartTerms {
  /** The caller knows that nobody has started these jobs before: the host need not look. */
  readonly first?: boolean;
}

/**
 * Runs stage jobs on workers. Workers report through the Store (their stage rows and outbox), never through this port; so the
 * caller needs no connection to them, and a host may forget everything when it restarts.
 */
export interface JobHost {
  /**
   * Starts consecutive stages of one run together, so that each can pass its activations straight to the next.
   * Starting a job that already runs here is a no-op.
   */
  start(jobs: readonly StageJob[], terms?: StartTerms): Promise<JobStart>;
}

/** The hosts of one node, by kind. */
export type Places = Readonly<Partial<Record<WorkerKind, JobHost>>>;
