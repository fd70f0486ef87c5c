import {
  BatchClient,
  CancelJobCommand,
  CreateJobQueueCommand,
  DescribeJobsCommand,
  ListJobsCommand,
  RegisterJobDefinitionCommand,
  type RegisterJobDefinitionCommandInput,
  SubmitJobCommand,
  type SubmitJobCommandInput,
  TerminateJobCommand,
} from '@aws-sdk/client-batch';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BatchSimulator, startBatchSimulator } from './batch-simulator.ts';
import type { BatchEvent } from './events.ts';

/** A container that prints its part of the environment, then does as DO says: exits so, or stays until it is stopped. */
const SCRIPT = `
  const { DO = '0' } = process.env;
  console.log(JSON.stringify(Object.entries(process.env).filter(([name]) => /^AWS_BATCH|^GREETING/.test(name))));
  if (DO === 'stay') setInterval(() => {}, 1000);
  else process.exit(Number(DO === 'as-attempt' ? 2 - process.env.AWS_BATCH_JOB_ATTEMPT : DO === 'as-index'
    ? process.env.AWS_BATCH_JOB_ARRAY_INDEX : DO));`;

let simulator: BatchSimulator;
let batch: BatchClient;
let events: BatchEvent[];

beforeEach(async () => {
  events = [];
  simulator = await startBatchSimulator({
    program: { path: process.execPath, args: ['-e', SCRIPT], cwd: '/', environment: {} },
    maxVcpus: 2,
    minTimeoutSeconds: 0.5,
    deliver: async (event) => void events.push(event),
  });
  batch = new BatchClient({
    endpoint: simulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  const action = { reason: 'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY', state: 'RUNNABLE', maxTimeSeconds: 600 } as const;
  await batch.send(
    new CreateJobQueueCommand({
      jobQueueName: 'jobs',
      priority: 1,
      computeEnvironmentOrder: [],
      jobStateTimeLimitActions: [{ ...action, action: 'CANCEL' }],
    }),
  );
  await define({});
});
afterEach(() => simulator.close());

const define = async (more: Partial<RegisterJobDefinitionCommandInput>): Promise<void> => {
  const containerProperties = { image: 'image', environment: [{ name: 'GREETING', value: 'of the definition' }] };
  const input = { jobDefinitionName: 'work', type: 'container', containerProperties, ...more } as const;
  await batch.send(new RegisterJobDefinitionCommand(input));
};

const submit = async (what: string, more: Partial<SubmitJobCommandInput> = {}): Promise<string> => {
  const containerOverrides = { environment: [{ name: 'DO', value: what }] };
  const input = { jobName: 'one', jobQueue: 'jobs', jobDefinition: 'work', containerOverrides, ...more };
  return (await batch.send(new SubmitJobCommand(input))).jobId ?? '';
};

const job = async (id: string) => (await batch.send(new DescribeJobsCommand({ jobs: [id] }))).jobs?.[0];
/** Waits until Batch says so of the job. */
const until = (id: string, status: string) =>
  vi.waitFor(async () => {
    const found = await job(id);
    expect(found?.status).toBe(status);
    return found;
  }, 10_000);
const statusesOf = (id: string) =>
  events.filter(({ detail }) => detail.jobId === id).map(({ detail }) => detail.status);
const running = () => simulator.jobs().filter(({ status }) => status === 'RUNNING');

describe('batch-simulator, by the SDK of AWS', () => {
  it('runs a job with the environment of definition, job and Batch, and tells each state', async () => {
    const id = await submit('0', {
      containerOverrides: { environment: [{ name: 'GREETING', value: 'of the job' }] },
    });
    const done = await until(id, 'SUCCEEDED');
    expect(done?.attempts).toHaveLength(1);
    expect(done?.container?.exitCode).toBe(0);
    expect(Object.fromEntries(JSON.parse(simulator.log(simulator.jobs()[0]!)))).toMatchObject({
      GREETING: 'of the job',
      AWS_BATCH_JOB_ID: id,
      AWS_BATCH_JOB_ATTEMPT: '1',
      AWS_BATCH_JQ_NAME: 'jobs',
    });
    await vi.waitFor(() => expect(statusesOf(id)).toEqual(['RUNNABLE', 'STARTING', 'RUNNING', 'SUCCEEDED']));
    expect(events[0]).toMatchObject({ source: 'aws.batch', 'detail-type': 'Batch Job State Change' });
  });

  it('retries by the strategy of the job or else of the definition', async () => {
    await define({ retryStrategy: { attempts: 3, evaluateOnExit: [{ onExitCode: '1', action: 'RETRY' }] } });
    const second = await submit('as-attempt');
    expect((await until(second, 'SUCCEEDED'))?.attempts?.map(({ container }) => container?.exitCode)).toEqual([1, 0]);
    const strategy = { attempts: 3, evaluateOnExit: [{ onExitCode: '1', action: 'EXIT' as const }] };
    const once = await submit('1', { retryStrategy: strategy });
    expect((await until(once, 'FAILED'))?.attempts).toHaveLength(1);
  });

  it('runs children one after the other, with their index, and fails those behind one that failed', async () => {
    const id = await submit('as-index', { arrayProperties: { size: 3 }, dependsOn: [{ type: 'SEQUENTIAL' }] });
    await until(id, 'FAILED');
    const children = await Promise.all([0, 1, 2].map((index) => job(`${id}:${index}`)));
    expect(children.map((child) => child?.status)).toEqual(['SUCCEEDED', 'FAILED', 'FAILED']);
    expect(children[2]).toMatchObject({ statusReason: 'Dependent Job failed', attempts: [] });
    expect(children[1]?.startedAt).toBeGreaterThanOrEqual(children[0]?.stoppedAt ?? Number.POSITIVE_INFINITY);
    expect((await job(id))?.arrayProperties?.statusSummary).toEqual({ SUCCEEDED: 1, FAILED: 2 });
    expect(statusesOf(id)).toEqual(['PENDING', 'FAILED']);
  });

  it('waits for other jobs, and for the child of the same index', async () => {
    simulator.hold('not yet');
    const first = await submit('0', { arrayProperties: { size: 2 } });
    const twin = await submit('0', { arrayProperties: { size: 2 }, dependsOn: [{ jobId: first, type: 'N_TO_N' }] });
    const last = await submit('0', { dependsOn: [{ jobId: twin }] });
    expect((await job(last))?.status).toBe('PENDING');
    simulator.hold(undefined);
    await until(last, 'SUCCEEDED');
    const at = (id: string) => simulator.jobs().find((one) => one.id === id);
    expect(at(`${twin}:1`)?.startedAt).toBeGreaterThanOrEqual(at(`${first}:1`)?.stoppedAt ?? Number.POSITIVE_INFINITY);
  });

  it('starts no more than there are vCPUs for', async () => {
    const ids = await Promise.all(Array.from({ length: 3 }, () => submit('stay')));
    expect(running()).toHaveLength(2);
    await batch.send(new TerminateJobCommand({ jobId: running()[0]?.id, reason: 'enough' }));
    await vi.waitFor(
      () => expect(simulator.jobs().filter(({ status }) => status === 'FAILED')).toHaveLength(1),
      10_000,
    );
    expect(running()).toHaveLength(2);
    expect(ids).toHaveLength(3);
  });

  it('ends an attempt at its time-out and does not retry it', async () => {
    const id = await submit('stay', {
      timeout: { attemptDurationSeconds: 0.5 as never },
      retryStrategy: { attempts: 2 },
    });
    expect(await until(id, 'FAILED')).toMatchObject({ statusReason: 'Job attempt duration exceeded timeout' });
    expect((await job(id))?.attempts).toHaveLength(1);
  });

  it('cancels what does not run, terminates what does, and retries neither', async () => {
    const runs = await submit('stay', { retryStrategy: { attempts: 2 } });
    const waits = await submit('0', { dependsOn: [{ jobId: runs }] });
    await batch.send(new CancelJobCommand({ jobId: waits, reason: 'not wanted' }));
    await batch.send(new CancelJobCommand({ jobId: runs, reason: 'not wanted' }));
    expect((await job(runs))?.status).toBe('RUNNING');
    await batch.send(new TerminateJobCommand({ jobId: runs, reason: 'over' }));
    expect(await until(runs, 'FAILED')).toMatchObject({ statusReason: 'over' });
    expect(await job(waits)).toMatchObject({ status: 'FAILED', statusReason: 'not wanted' });
  });

  it('lists by name in every state, capitals or not, newest first, without children; and by state', async () => {
    const old = await submit('0', { jobName: 'Name-1', arrayProperties: { size: 2 } });
    await until(old, 'SUCCEEDED');
    const young = await submit('stay', { jobName: 'name-1' });
    const list = async (input: object) =>
      (await batch.send(new ListJobsCommand({ jobQueue: 'jobs', ...input }))).jobSummaryList?.map(({ jobId }) => jobId);
    expect(await list({ filters: [{ name: 'JOB_NAME', values: ['NAME-1'] }] })).toEqual([young, old]);
    expect(await list({ filters: [{ name: 'JOB_NAME', values: ['na*'] }], maxResults: 1 })).toEqual([young]);
    expect(await list({ filters: [{ name: 'JOB_NAME', values: ['name'] }] })).toEqual([]);
    expect(await list({})).toEqual([young]);
    expect(await list({ jobStatus: 'SUCCEEDED' })).toEqual([old]);
    const { jobSummaryList } = await batch.send(new ListJobsCommand({ arrayJobId: old, jobStatus: 'SUCCEEDED' }));
    expect(jobSummaryList?.map(({ arrayProperties }) => arrayProperties?.index)).toEqual([0, 1]);
  });

  it.each([
    ['a name with a slash', { jobName: 'a/b' }],
    ['an array of one', { arrayProperties: { size: 1 } }],
    ['an unknown queue', { jobQueue: 'other' }],
    ['an unknown definition', { jobDefinition: 'other' }],
    ['a dependency on nothing', { dependsOn: [{ jobId: 'nobody' }] }],
    ['a variable of its own', { containerOverrides: { environment: [{ name: 'AWS_BATCH_JOB_ID', value: '1' }] } }],
  ])('rejects %s', async (_what, more) => {
    await expect(submit('0', more)).rejects.toMatchObject({ name: 'ClientException' });
  });
});

describe('faults of batch-simulator', () => {
  it('holds jobs with a reason, tells of the blocked queue once, and cancels by the queue after its time', async () => {
    const reason = 'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested';
    simulator.hold(reason);
    const [head, behind] = [await submit('0'), await submit('0')];
    expect(await job(head)).toMatchObject({ status: 'RUNNABLE', statusReason: reason });
    simulator.passRunnableTime(599);
    expect((await job(head))?.status).toBe('RUNNABLE');
    simulator.passRunnableTime(600);
    expect(await job(head)).toMatchObject({
      status: 'FAILED',
      statusReason: 'Canceled by JobStateTimeLimit action due to reason: CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY',
    });
    await vi.waitFor(() =>
      expect(
        events.filter((event) => event['detail-type'] === 'Batch Job Queue Blocked').map(({ detail }) => detail.jobId),
      ).toEqual([head, behind]),
    );
    simulator.hold(undefined);
    await until(behind, 'SUCCEEDED');
  });

  it('fails an image pull, takes a host away, and retries both by their reasons', async () => {
    simulator.failPulls(1);
    const evaluateOnExit = [
      { onReason: 'CannotPullContainerError:*', action: 'RETRY' as const },
      { onStatusReason: 'Host EC2*', action: 'RETRY' as const },
      { onReason: '*', action: 'EXIT' as const },
    ];
    const id = await submit('stay', { retryStrategy: { attempts: 3, evaluateOnExit } });
    await until(id, 'RUNNING');
    simulator.reclaim(running()[0]!);
    await vi.waitFor(() => expect(running()[0]?.attempts).toHaveLength(2), 10_000);
    expect((await job(id))?.attempts?.map(({ statusReason }) => statusReason)).toEqual([
      'Task failed to start',
      expect.stringMatching(/^Host EC2 \(instance i-\w+\) terminated\.$/),
    ]);
  });

  it('loses the answer to a submit that was done', async () => {
    simulator.loseSubmitAnswers(1);
    await expect(submit('0')).rejects.toThrow();
    expect(simulator.jobs()).toHaveLength(1);
    await submit('0');
    expect(simulator.jobs()).toHaveLength(2);
  });

  it('delivers events twice, or turned round', async () => {
    simulator.events.copies = 2;
    const twice = await submit('0');
    await until(twice, 'SUCCEEDED');
    await vi.waitFor(() => expect(statusesOf(twice)).toHaveLength(8));
    Object.assign(simulator.events, { copies: 1, swapped: true });
    const swapped = await submit('0');
    await until(swapped, 'SUCCEEDED');
    await vi.waitFor(() => expect(statusesOf(swapped)).toEqual(['STARTING', 'RUNNABLE', 'SUCCEEDED', 'RUNNING']));
  });
});
