/**
 * What AWS Batch says about a job, in words for `quorate why`. Reasons as documented in its user guide: job_states,
 * job_stuck_in_runnable, batch-job-queue-blocked-events, job_retries; the texts of ECS: stopped-task-error-codes.
 */

interface Meaning {
  readonly says: RegExp;
  readonly means: string;
}

/** Tried in order. What Batch does to a job that is stuck quotes the reason of why it is stuck, so those go first. */
const MEANINGS: readonly Meaning[] = [
  {
    says: /CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY|InsufficientInstanceCapacity/,
    means: 'there is no capacity for the instance types allowed',
  },
  {
    says: /VcpuLimitExceeded|MaxSpotInstanceCountExceeded|InstanceLimitExceeded|vCPU limit/i,
    means: "the account's quota of vCPUs for these instance types is used up",
  },
  {
    says: /MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE/,
    means: 'the compute environment allows fewer vCPUs than the job asks for (workers.maxVcpus)',
  },
  {
    says: /MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT/,
    means: 'no instance type of the compute environment has the vCPUs, memory or GPUs that the model asks for',
  },
  {
    says: /MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED/,
    means: 'the launch template does not fit the instance types',
  },
  { says: /MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS/, means: 'the service role of Batch lacks a permission' },
  { says: /MISCONFIGURATION:/, means: 'the compute environment is not set up for this job' },
  { says: /ACTION_REQUIRED/, means: 'the compute environment is disabled or invalid' },
  { says: /UNDETERMINED/, means: 'it does not get a machine, and Batch does not know why' },
  {
    says: /CannotPullContainer|CannotPullImage|ImagePull|pull image/i,
    means: "the worker's image could not be pulled",
  },
  { says: /ResourceInitializationError|unable to pull secrets/i, means: 'the container could not be set up' },
  { says: /CannotCreateContainer|CannotStartContainer|Task failed to start/i, means: 'the container did not start' },
  { says: /OutOfMemory|OOM/i, means: 'the container ran out of memory' },
  { says: /^Host EC2/, means: 'its machine was taken away (Spot, or a failure of the host)' },
  { says: /attempt duration exceeded timeout/i, means: 'it ran longer than its time-out' },
  { says: /Dependent Job failed|dependen/i, means: 'the stage before it failed' },
  { says: /JobStateTimeLimit/, means: 'Batch gave it up after it had waited too long' },
  { says: /Essential container in task exited/, means: 'the worker ended by itself' },
];

/** @returns undefined for texts that nobody has met yet */
export const meaningOf = (reason: string): string | undefined => MEANINGS.find(({ says }) => says.test(reason))?.means;

const EXIT_CODES: Readonly<Record<number, string>> = {
  64: 'the worker refused its input for good',
  75: 'the worker met something that may pass',
  137: 'the worker was killed, often for want of memory',
  143: 'the worker was told to stop',
};

const STATUSES: Readonly<Record<string, string>> = {
  SUBMITTED: 'is submitted',
  PENDING: 'waits for the stage before it',
  RUNNABLE: 'waits for a machine',
  STARTING: 'has a machine and loads its image',
  RUNNING: 'runs',
  SUCCEEDED: 'has ended',
  FAILED: 'has failed',
};

export interface JobSaid {
  readonly status: string;
  /** Status reason and, if there is one, the container's. */
  readonly reason?: string | undefined;
  readonly exitCode?: number | undefined;
}

/** A predicate for "the Batch job ...", with Batch's own words in brackets. */
export const explainJob = ({ status, reason, exitCode }: JobSaid): string => {
  const does = STATUSES[status] ?? `is ${status}`;
  const meanings = [
    ...(exitCode !== undefined && EXIT_CODES[exitCode] ? [EXIT_CODES[exitCode]] : []),
    ...(reason === undefined ? [] : [`${meaningOf(reason) ?? 'Batch says'} (${reason})`]),
  ];
  return meanings.length === 0 ? does : `${does}: ${meanings.join('; ')}`;
};
