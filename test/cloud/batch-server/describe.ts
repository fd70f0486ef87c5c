import { arn, environmentOf, type Job } from './job.ts';

const jobArn = (job: Job): string => arn(`job/${job.id}`);

const times = ({ createdAt, startedAt, stoppedAt }: Job) => ({
  createdAt,
  ...(startedAt !== undefined && { startedAt }),
  ...(stoppedAt !== undefined && { stoppedAt }),
});

const lastContainer = ({ attempts }: Job) => {
  const last = attempts.at(-1);
  return {
    ...(last?.exitCode !== undefined && { exitCode: last.exitCode }),
    ...(last?.reason !== undefined && { reason: last.reason }),
    ...(last && { logStreamName: last.logStreamName }),
  };
};

const arrayOf = (job: Job) => {
  if (job.index !== undefined) return { arrayProperties: { index: job.index } };
  if (job.children.length === 0) return {};
  const statusSummary: Record<string, number> = {};
  for (const { status } of job.children) statusSummary[status] = (statusSummary[status] ?? 0) + 1;
  return { arrayProperties: { size: job.children.length, statusSummary } };
};

/** As ListJobs gives it. */
export const summaryOf = (job: Job) => ({
  jobArn: jobArn(job),
  jobId: job.id,
  jobName: job.name,
  status: job.status,
  ...(job.statusReason !== undefined && { statusReason: job.statusReason }),
  ...times(job),
  container: lastContainer(job),
  ...arrayOf(job),
  jobDefinition: job.definition.arn,
});

/** As DescribeJobs gives it, and events carry it. */
export const detailOf = (job: Job) => ({
  jobArn: jobArn(job),
  jobName: job.name,
  jobId: job.id,
  jobQueue: job.queue.arn,
  status: job.status,
  ...(job.statusReason !== undefined && { statusReason: job.statusReason }),
  attempts: job.attempts.map(({ startedAt, stoppedAt, statusReason, exitCode, reason, logStreamName }) => ({
    container: { ...(exitCode !== undefined && { exitCode }), ...(reason !== undefined && { reason }), logStreamName },
    ...(startedAt !== undefined && { startedAt }),
    stoppedAt,
    statusReason,
  })),
  ...times(job),
  retryStrategy: job.retry,
  dependsOn: job.request.dependsOn,
  jobDefinition: job.definition.arn,
  parameters: {},
  container: {
    image: job.definition.containerProperties.image,
    command: job.request.containerOverrides?.command ?? job.definition.containerProperties.command,
    environment: Object.entries(environmentOf(job, job.attempts.length + 1))
      .filter(([name]) => !name.startsWith('AWS_BATCH'))
      .map(([name, value]) => ({ name, value })),
    resourceRequirements: job.definition.containerProperties.resourceRequirements,
    ...lastContainer(job),
  },
  ...(job.timeoutSeconds !== undefined && { timeout: { attemptDurationSeconds: job.timeoutSeconds } }),
  ...arrayOf(job),
  tags: {},
});
export type JobDetail = ReturnType<typeof detailOf>;

export const queueDetail = ({ jobQueueName, arn: jobQueueArn, state, jobStateTimeLimitActions }: Job['queue']) => ({
  jobQueueName,
  jobQueueArn,
  state,
  status: 'VALID',
  statusReason: 'simulated by batch-simulator',
  priority: 1,
  computeEnvironmentOrder: [{ order: 1, computeEnvironment: arn('compute-environment/batch-simulator') }],
  jobStateTimeLimitActions,
});

export const definitionDetail = (definition: Job['definition']) => ({
  jobDefinitionName: definition.jobDefinitionName,
  jobDefinitionArn: definition.arn,
  revision: definition.revision,
  status: 'ACTIVE',
  type: definition.type,
  containerProperties: definition.containerProperties,
  ...(definition.retryStrategy && { retryStrategy: definition.retryStrategy }),
  ...(definition.timeout && { timeout: definition.timeout }),
});
