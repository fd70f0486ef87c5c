import { randomUUID } from 'node:crypto';
import { BadInputError } from '../../../shared/errors.ts';
import { definitionDetail, detailOf, queueDetail, summaryOf } from './describe.ts';
import { type Job, newJob } from './job.ts';
import type { JobTable } from './job-table.ts';
import type { Registry } from './registry.ts';
import {
  CreateJobQueue,
  DescribeJobDefinitions,
  DescribeJobQueues,
  DescribeJobs,
  EndJob,
  ListJobs,
  type ListRequest,
  registerJobDefinition,
  submitJob,
} from './requests.ts';

export type Operation = (body: unknown) => object;

export interface OperationDeps {
  readonly table: JobTable;
  readonly registry: Registry;
  readonly minTimeoutSeconds: number;
  nowMs(): number;
}

/** By the last part of the path: `/v1/submitjob`. */
export const operations = ({ table, registry, minTimeoutSeconds, nowMs }: OperationDeps): Record<string, Operation> => {
  const jobOf = (id: string): Job => {
    const job = table.get(id);
    if (job) return job;
    throw new BadInputError('unknown-job', `job ${id} does not exist`);
  };
  const Submit = submitJob(minTimeoutSeconds);
  const Register = registerJobDefinition(minTimeoutSeconds);
  return {
    submitjob: (body) => {
      const request = Submit.parse(body);
      const queue = registry.queue(request.jobQueue);
      if (queue.state === 'DISABLED') throw new BadInputError('queue-disabled', `job queue ${queue.arn} is disabled`);
      const definition = registry.definition(request.jobDefinition);
      const job = newJob(request, { id: randomUUID(), queue, definition, createdAt: nowMs() });
      table.add(job);
      const { jobArn, jobName, jobId } = detailOf(job);
      return { jobArn, jobName, jobId };
    },
    listjobs: (body) => page(listed(ListJobs.parse(body), table, registry), ListJobs.parse(body)),
    describejobs: (body) => ({
      // Unknown ids are left out, as Batch does.
      jobs: DescribeJobs.parse(body)
        .jobs.flatMap((id) => table.get(id) ?? [])
        .map(detailOf),
    }),
    canceljob: (body) => {
      const { jobId, reason } = EndJob.parse(body);
      table.cancel(jobOf(jobId), reason);
      return {};
    },
    terminatejob: (body) => {
      const { jobId, reason } = EndJob.parse(body);
      table.terminate(jobOf(jobId), reason);
      return {};
    },
    createjobqueue: (body) => {
      const { jobQueueName, arn: jobQueueArn } = registry.createQueue(CreateJobQueue.parse(body));
      return { jobQueueName, jobQueueArn };
    },
    describejobqueues: (body) => {
      const { jobQueues } = DescribeJobQueues.parse(body);
      const wanted = jobQueues ?? registry.queues().map(({ arn }) => arn);
      return { jobQueues: wanted.map((name) => queueDetail(registry.queue(name))) };
    },
    registerjobdefinition: (body) => {
      const { jobDefinitionName, arn: jobDefinitionArn, revision } = registry.register(Register.parse(body));
      return { jobDefinitionName, jobDefinitionArn, revision };
    },
    describejobdefinitions: (body) => {
      const { jobDefinitionName, jobDefinitions } = DescribeJobDefinitions.parse(body);
      const found = registry
        .definitions()
        .filter((known) => jobDefinitionName === undefined || known.jobDefinitionName === jobDefinitionName)
        .filter(({ arn }) => jobDefinitions === undefined || jobDefinitions.includes(arn));
      return { jobDefinitions: found.map(definitionDetail) };
    },
  };
};

/** By name in every state, or by state; children only under their parent. */
const listed = (
  { jobQueue, arrayJobId, jobStatus, filters }: ListRequest,
  table: JobTable,
  registry: Registry,
): Job[] => {
  if (arrayJobId !== undefined) {
    return (table.get(arrayJobId)?.children ?? []).filter(({ status }) => status === jobStatus);
  }
  if (jobQueue === undefined)
    throw new BadInputError('list-of-what', 'expected jobQueue or arrayJobId, received neither');
  const queue = registry.queue(jobQueue);
  const jobs = table.all().filter((job) => job.queue === queue);
  const name = filters[0]?.values[0]?.toLowerCase();
  if (name === undefined) return jobs.filter(({ status }) => status === jobStatus);
  return jobs.filter((job) =>
    name.endsWith('*') ? job.name.toLowerCase().startsWith(name.slice(0, -1)) : job.name.toLowerCase() === name,
  );
};

const page = (jobs: readonly Job[], { maxResults, nextToken }: ListRequest): object => {
  const from = Number(nextToken ?? 0);
  const end = from + maxResults;
  return {
    jobSummaryList: jobs.slice(from, end).map(summaryOf),
    ...(end < jobs.length && { nextToken: String(end) }),
  };
};
