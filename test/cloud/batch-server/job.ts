import { InvariantError } from '../../../shared/errors.ts';
import type { JobDefinitionRequest, JobQueueRequest, JobStatus, RetryStrategy, SubmitRequest } from './requests.ts';
import type { AttemptEnd } from './retry.ts';

export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';
export const arn = (resource: string): string => `arn:aws:batch:${REGION}:${ACCOUNT}:${resource}`;

export interface JobDefinition extends JobDefinitionRequest {
  readonly revision: number;
  readonly arn: string;
}

export interface JobQueue extends JobQueueRequest {
  readonly arn: string;
}

export interface Attempt extends AttemptEnd {
  readonly startedAt?: number;
  readonly stoppedAt: number;
  readonly logStreamName: string;
}

/** A job of its own, the parent of an array, or one of its children. */
export interface Job {
  readonly id: string;
  readonly name: string;
  readonly queue: JobQueue;
  readonly definition: JobDefinition;
  readonly request: SubmitRequest;
  readonly retry: RetryStrategy;
  readonly timeoutSeconds: number | undefined;
  readonly vcpus: number;
  readonly createdAt: number;
  readonly parent?: Job;
  readonly index?: number;
  readonly children: Job[];
  readonly attempts: Attempt[];
  status: JobStatus;
  statusReason: string | undefined;
  startedAt?: number;
  stoppedAt?: number;
  /** Why it was cancelled or terminated by its user, if so. */
  endedBecause?: string;
}

export const isOver = ({ status }: Job): boolean => status === 'SUCCEEDED' || status === 'FAILED';

const vcpusOf = (list: readonly { type: string; value: string }[] | undefined): number | undefined => {
  const found = list?.find(({ type }) => type === 'VCPU');
  return found && Number(found.value);
};

/** A job as it was submitted, with the children of an array. */
export const newJob = (
  request: SubmitRequest,
  { id, queue, definition, createdAt }: Pick<Job, 'id' | 'queue' | 'definition' | 'createdAt'>,
): Job => {
  const base = {
    name: request.jobName,
    queue,
    definition,
    request,
    retry: request.retryStrategy ?? definition.retryStrategy ?? { attempts: 1, evaluateOnExit: [] },
    timeoutSeconds: (request.timeout ?? definition.timeout)?.attemptDurationSeconds,
    vcpus:
      vcpusOf(request.containerOverrides?.resourceRequirements) ??
      vcpusOf(definition.containerProperties.resourceRequirements) ??
      1,
    createdAt,
    status: 'SUBMITTED' as const,
    statusReason: undefined,
  };
  const job: Job = { ...base, id, children: [], attempts: [] };
  for (let index = 0; index < (request.arrayProperties?.size ?? 0); index++) {
    job.children.push({ ...base, id: `${id}:${index}`, parent: job, index, children: [], attempts: [] });
  }
  return job;
};

/** Jobs that must succeed before this one may run. @param find finds a job of any kind by its id */
export const dependenciesOf = (job: Job, find: (id: string) => Job | undefined): Job[] =>
  job.request.dependsOn.flatMap(({ jobId, type }) => {
    if (jobId === undefined) {
      // SEQUENTIAL: each child after the one before it.
      const before = job.index === undefined ? undefined : job.parent?.children[job.index - 1];
      return before ? [before] : [];
    }
    const other = find(jobId);
    if (!other) throw new InvariantError('unknown-dependency', `job ${jobId} was there when it was named`);
    const twin = type === 'N_TO_N' && job.index !== undefined ? other.children[job.index] : undefined;
    return [twin ?? other];
  });

/** The environment of an attempt's container, with what Batch adds (user guide, "job environment variables"). */
export const environmentOf = (job: Job, attempt: number): Record<string, string> => ({
  ...Object.fromEntries(
    [...job.definition.containerProperties.environment, ...(job.request.containerOverrides?.environment ?? [])].map(
      ({ name, value }) => [name, value],
    ),
  ),
  AWS_BATCH_JOB_ID: job.id,
  AWS_BATCH_JOB_ATTEMPT: String(attempt),
  AWS_BATCH_JQ_NAME: job.queue.jobQueueName,
  AWS_BATCH_CE_NAME: 'batch-simulator',
  ...(job.index !== undefined && { AWS_BATCH_JOB_ARRAY_INDEX: String(job.index) }),
});
