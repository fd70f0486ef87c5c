import { z } from 'zod';

/** Bodies of the Batch operations that this project calls, as the REST-JSON protocol carries them, with the limits of the API reference. */

const Name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/, 'expected 1 to 128 letters, digits, hyphens and underscores');
const KeyValue = z.object({ name: z.string(), value: z.string() });
const Requirement = z.object({ type: z.enum(['GPU', 'VCPU', 'MEMORY']), value: z.string() });
/** As the API reference has it: no other characters. */
const Pattern = z
  .string()
  .regex(
    /^[A-Za-z0-9.:\s]{0,511}\*?$/,
    'expected letters, digits, dots, colons and spaces, and perhaps a * at the end',
  );

const EvaluateOnExit = z.object({
  onStatusReason: Pattern.optional(),
  onReason: Pattern.optional(),
  onExitCode: z
    .string()
    .regex(/^\d{0,511}\*?$/, 'expected digits that may end with *')
    .optional(),
  action: z.string().transform((action) => z.enum(['RETRY', 'EXIT']).parse(action.toUpperCase())),
});
export type EvaluateOnExit = z.infer<typeof EvaluateOnExit>;

export const RetryStrategy = z
  .object({ attempts: z.int().min(1).max(10).optional(), evaluateOnExit: z.array(EvaluateOnExit).max(5).default([]) })
  .refine(({ attempts, evaluateOnExit }) => evaluateOnExit.length === 0 || attempts !== undefined, {
    message: 'evaluateOnExit needs attempts',
  })
  .transform(({ attempts, evaluateOnExit }) => ({ attempts: attempts ?? 1, evaluateOnExit }));
export type RetryStrategy = z.infer<typeof RetryStrategy>;

/** Batch ends no attempt before 60 s; a test of the rule itself may ask for less. */
const timeout = (minSeconds: number) => z.object({ attemptDurationSeconds: z.number().min(minSeconds) });

const Environment = z
  .array(KeyValue)
  .refine((list) => list.every(({ name }) => !name.startsWith('AWS_BATCH')), {
    message: 'names that begin with AWS_BATCH are reserved',
  })
  .default([]);

const ContainerProperties = z.object({
  image: z.string().min(1),
  command: z.array(z.string()).default([]),
  environment: Environment,
  resourceRequirements: z.array(Requirement).default([]),
});

export const registerJobDefinition = (minTimeoutSeconds: number) =>
  z.object({
    jobDefinitionName: Name,
    type: z.literal('container'),
    containerProperties: ContainerProperties,
    retryStrategy: RetryStrategy.optional(),
    timeout: timeout(minTimeoutSeconds).optional(),
  });
export type JobDefinitionRequest = z.infer<ReturnType<typeof registerJobDefinition>>;

const TimeLimitAction = z.object({
  reason: z.string(),
  state: z.literal('RUNNABLE'),
  maxTimeSeconds: z.int().min(600).max(86_400),
  action: z.enum(['CANCEL', 'TERMINATE']),
});

export const CreateJobQueue = z.object({
  jobQueueName: Name,
  state: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  jobStateTimeLimitActions: z.array(TimeLimitAction).default([]),
});
export type JobQueueRequest = z.infer<typeof CreateJobQueue>;

export const submitJob = (minTimeoutSeconds: number) =>
  z.object({
    jobName: Name,
    jobQueue: z.string(),
    jobDefinition: z.string(),
    arrayProperties: z.object({ size: z.int().min(2).max(10_000) }).optional(),
    dependsOn: z
      .array(z.object({ jobId: z.string().optional(), type: z.enum(['N_TO_N', 'SEQUENTIAL']).optional() }))
      .max(20)
      .default([]),
    containerOverrides: z
      .object({
        command: z.array(z.string()).optional(),
        environment: Environment,
        resourceRequirements: z.array(Requirement).default([]),
      })
      .optional(),
    retryStrategy: RetryStrategy.optional(),
    timeout: timeout(minTimeoutSeconds).optional(),
  });
export type SubmitRequest = z.infer<ReturnType<typeof submitJob>>;

export const JOB_STATUSES = ['SUBMITTED', 'PENDING', 'RUNNABLE', 'STARTING', 'RUNNING', 'SUCCEEDED', 'FAILED'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

export const ListJobs = z.object({
  jobQueue: z.string().optional(),
  arrayJobId: z.string().optional(),
  jobStatus: z.enum(JOB_STATUSES).default('RUNNING'),
  filters: z
    .array(z.object({ name: z.literal('JOB_NAME'), values: z.array(z.string()).length(1) }))
    .max(1)
    .default([]),
  maxResults: z.int().min(1).max(100).default(100),
  nextToken: z.string().optional(),
});
export type ListRequest = z.infer<typeof ListJobs>;

export const DescribeJobs = z.object({ jobs: z.array(z.string()).min(1).max(100) });
export const EndJob = z.object({ jobId: z.string(), reason: z.string().min(1) });
export const DescribeJobQueues = z.object({ jobQueues: z.array(z.string()).optional() });
export const DescribeJobDefinitions = z.object({
  jobDefinitionName: z.string().optional(),
  jobDefinitions: z.array(z.string()).optional(),
});
