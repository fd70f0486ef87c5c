/** How a job of AWS Batch is, by its own word. */
export interface JobState {
  /** `base:index` for a child of an array job. */
  readonly id: string;
  /** SUBMITTED, PENDING, RUNNABLE, STARTING, RUNNING, SUCCEEDED or FAILED; others may be added. */
  readonly status: string;
  /** Attempts that have ended. */
  readonly attempts: number;
  /** Status reason, and the container's, if there are any. */
  readonly reason?: string;
  readonly exitCode?: number;
}

/** Looks at jobs where they run, for whoever heard too little of them. */
export interface JobWatch {
  /** Ids that the service does not know (any more) are left out. */
  describe(ids: readonly string[]): Promise<JobState[]>;
}
