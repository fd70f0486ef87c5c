import { createHash } from 'node:crypto';
import { type BatchClient, ListJobsCommand, SubmitJobCommand, type SubmitJobRequest } from '@aws-sdk/client-batch';
import { runId } from '../../messages/ids.ts';
import { JOBS_VARIABLE, type StageJob, type StageJobsMessage, TRACE_VARIABLE } from '../../messages/stage-job.ts';
import type { JobHost, JobStart } from '../../ports/job-host.ts';
import { awsErrorName, fromAws } from './aws-errors.ts';

export interface BatchHostOptions {
  /** Must not retry by itself (`maxAttempts: 1`): SubmitJob has no idempotency token, so a retry may submit twice. */
  readonly client: BatchClient;
  /**
   * Name or ARN. vCPUs, memory, time-out and retries are the definition's, the same for all of its models: a worker outlives its own
   * job and takes any of them.
   */
  readonly queueOf: (model: string) => { readonly jobQueue: string; readonly jobDefinition: string };
  /** Of what is being handled: the job is told of it as X-Ray tells a function. */
  readonly trace?: () => string | undefined;
}

/** Names have up to 128 letters, digits, hyphens and underscores; 17 of them are for the hash. */
const MAX_HEAD = 111;
/** Most characters of a tag's value. */
const MAX_TAG = 256;

/**
 * The same for the same placement. ListJobs compares names without case, hence lower case; the hash keeps apart what the allowed
 * characters make alike.
 */
export const batchJobName = ({ run, epoch }: StageJobsMessage): string => {
  const { chainId, queryId, attempt, node } = run;
  const head = `q${queryId}-a${attempt}-e${epoch}-${node}-${chainId}`.toLowerCase().replaceAll(/[^a-z0-9_-]/g, '-');
  const hash = createHash('sha256')
    .update(`${runId(run)}/epoch-${epoch}`)
    .digest('hex');
  return `${head.slice(0, MAX_HEAD)}-${hash.slice(0, 16)}`;
};

/** Runs a placement as one job of AWS Batch: plain for one stage, an array whose children follow each other for several. */
export const batchHost = ({ client, queueOf, trace }: BatchHostOptions): JobHost => ({
  start: async (jobs, terms = {}) => {
    const [first] = jobs;
    if (!first) return { outcome: 'started' };
    const placement: StageJobsMessage = { run: first.run, epoch: first.epoch };
    const { jobQueue, jobDefinition } = queueOf(first.model);
    const find = () => findByName(client, jobQueue, batchJobName(placement));
    const jobId = terms.first ? undefined : await find();
    if (jobId !== undefined) return { outcome: 'already-started', jobId };
    return await submit(client, { ...describe(placement, jobs, trace?.()), jobQueue, jobDefinition }, find);
  },
});

/** The newest job of this name, whatever has become of it: a placement is submitted once. */
const findByName = async (client: BatchClient, jobQueue: string, name: string): Promise<string | undefined> => {
  try {
    const { jobSummaryList = [] } = await client.send(
      new ListJobsCommand({ jobQueue, filters: [{ name: 'JOB_NAME', values: [name] }] }),
    );
    return jobSummaryList.find(({ jobName }) => jobName === name)?.jobId;
  } catch (error) {
    throw fromAws(error, 'look for a batch job by its name');
  }
};

const describe = (placement: StageJobsMessage, { length }: readonly StageJob[], trace: string | undefined) => ({
  jobName: batchJobName(placement),
  ...(length > 1 && { arrayProperties: { size: length }, dependsOn: [{ type: 'SEQUENTIAL' as const }] }),
  containerOverrides: {
    environment: [
      { name: JOBS_VARIABLE, value: JSON.stringify(placement) },
      ...(trace === undefined ? [] : [{ name: TRACE_VARIABLE, value: trace }]),
    ],
  },
  tags: { query: String(placement.run.queryId), run: runId(placement.run).slice(0, MAX_TAG) },
});

const submit = async (
  client: BatchClient,
  request: SubmitJobRequest,
  find: () => Promise<string | undefined>,
): Promise<JobStart> => {
  try {
    const { jobId } = await client.send(new SubmitJobCommand(request));
    return { outcome: 'started', ...(jobId !== undefined && { jobId }) };
  } catch (error) {
    // The queue or the definition is not what the deployment says: nothing that a message could wait for.
    if (awsErrorName(error) === 'ClientException') {
      return { outcome: 'refused', reason: `AWS Batch refused the job: ${(error as Error).message}` };
    }
    const failed = fromAws(error, 'submit a batch job');
    if (failed.code !== 'aws-unreachable' && failed.code !== 'aws-unavailable') throw failed;
    // Nobody knows whether it was submitted.
    const jobId = await find();
    if (jobId === undefined) throw failed;
    return { outcome: 'already-started', jobId };
  }
};
