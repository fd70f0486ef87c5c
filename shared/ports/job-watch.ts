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

/** What DescribeJobs says of a job, and events of a job in the same words. */
export interface JobDetail {
  readonly jobId?: string | undefined;
  readonly status?: string | undefined;
  readonly statusReason?: string | undefined;
  readonly attempts?: readonly unknown[] | undefined;
  readonly container?: { readonly reason?: string | undefined; readonly exitCode?: number | undefined } | undefined;
}

export const jobStateOf = ({ jobId, status, statusReason, attempts = [], container }: JobDetail): JobState => {
  const reason = [statusReason, container?.reason].filter((text) => text !== undefined && text !== '').join('; ');
  return {
    id: jobId ?? '',
    status: status ?? '',
    attempts: attempts.length,
    ...(reason !== '' && { reason }),
    ...(container?.exitCode !== undefined && { exitCode: container.exitCode }),
  };
};

/** Looks at jobs where they run, for whoever heard too little of them. */
export interface JobWatch {
  /** Ids that the service does not know (any more) are left out. */
  describe(ids: readonly string[]): Promise<JobState[]>;
}
