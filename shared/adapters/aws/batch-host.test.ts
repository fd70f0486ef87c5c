import { Readable } from 'node:stream';
import { BatchClient } from '@aws-sdk/client-batch';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jobsOf, RUN } from '../../../test/jobs/placed-run.ts';
import { type BatchHostOptions, batchHost, batchJobName } from './batch-host.ts';
import { batchWatch } from './batch-watch.ts';

type Answer = { readonly status: number; readonly body: object; readonly error?: string } | Error;

/** The SDK's own client whose answers are written down: no AWS, no network. */
const scripted = (...answers: Answer[]) => scriptedWith({}, ...answers);
const scriptedWith = (options: Pick<BatchHostOptions, 'trace'>, ...answers: Answer[]) => {
  const calls: { path: string; body: Record<string, unknown> }[] = [];
  const handle = async (request: { path: string; body: Uint8Array | string }) => {
    const text = typeof request.body === 'string' ? request.body : new TextDecoder().decode(request.body);
    calls.push({ path: request.path, body: JSON.parse(text) });
    const answer = answers.shift() ?? new RangeError('no answer is written down');
    if (answer instanceof Error) throw answer;
    const { status, body, error } = answer;
    const headers = { 'content-type': 'application/json', ...(error && { 'x-amzn-errortype': error }) };
    return { response: { statusCode: status, headers, body: Readable.from([JSON.stringify(body)]) } };
  };
  const client = new BatchClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
    requestHandler: { handle, httpHandlerConfigs: () => ({}), updateHttpClientConfig: () => undefined } as never,
  });
  const queueOf = () => ({ jobQueue: 'house-jobs', jobDefinition: 'house-inference' });
  const host = batchHost({ client, queueOf, ...options });
  return { host, watch: batchWatch(client), calls };
};
const jobs = jobsOf(3);
const NAME = batchJobName({ run: RUN, epoch: 1 });
const listed = (...names: string[]): Answer => ({
  status: 200,
  body: { jobSummaryList: names.map((jobName, i) => ({ jobName, jobId: `id-${i}` })) },
});
const submitted: Answer = { status: 200, body: { jobId: 'new', jobName: NAME } };

describe('the name of a job', () => {
  it('has only the characters and the length that Batch allows, and differs wherever placements differ', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 });
    const placement = fc.record({
      run: fc.record({ chainId: text, queryId: fc.nat(), attempt: fc.integer({ min: 0, max: 2 }), node: text }),
      epoch: fc.integer({ min: 1, max: 10 }),
    });
    fc.assert(
      fc.property(placement, placement, (a, b) => {
        const [one, other] = [batchJobName(a), batchJobName(b)];
        expect(one).toMatch(/^[a-z0-9][a-z0-9_-]{0,127}$/);
        expect(batchJobName(structuredClone(a))).toBe(one);
        if (JSON.stringify(a) !== JSON.stringify(b)) expect(other).not.toBe(one);
      }),
    );
  });

  it('keeps apart what its characters make alike', () => {
    const of = (chainId: string) => batchJobName({ run: { ...RUN, chainId }, epoch: 1 });
    expect(new Set([of('a.b'), of('a-b'), of('A-b')]).size).toBe(3);
  });
});

describe('the Batch host', () => {
  it('submits an array job whose children follow each other, told of its placement only', async () => {
    const { host, calls } = scripted(submitted);
    expect(await host.start(jobs, { first: true })).toEqual({ outcome: 'started', jobId: 'new' });
    expect(calls).toEqual([
      {
        path: '/v1/submitjob',
        body: {
          jobName: NAME,
          jobQueue: 'house-jobs',
          jobDefinition: 'house-inference',
          arrayProperties: { size: 3 },
          dependsOn: [{ type: 'SEQUENTIAL' }],
          containerOverrides: {
            environment: [{ name: 'QUORATE_JOBS', value: JSON.stringify({ run: RUN, epoch: 1 }) }],
          },
          tags: { query: '7', run: 'chain/7/0/quo1node' },
        },
      },
    ]);
  });

  it('tells the job of the trace that it belongs to', async () => {
    const { host, calls } = scriptedWith({ trace: () => 'Root=1-a' }, submitted);
    await host.start(jobs, { first: true });
    expect(calls[0]?.body.containerOverrides).toMatchObject({
      environment: [{ name: 'QUORATE_JOBS' }, { name: '_X_AMZN_TRACE_ID', value: 'Root=1-a' }],
    });
  });

  it('submits a plain job for one stage', async () => {
    const { host, calls } = scripted(submitted);
    await host.start(jobs.slice(0, 1), { first: true });
    expect(calls[0]?.body.arrayProperties).toBeUndefined();
    expect(calls[0]?.body.dependsOn).toBeUndefined();
  });

  it('looks for the name before it submits what may have been submitted before', async () => {
    const found = scripted(listed(NAME, NAME));
    expect(await found.host.start(jobs)).toEqual({ outcome: 'already-started', jobId: 'id-0' });
    expect(found.calls).toMatchObject([
      { path: '/v1/listjobs', body: { filters: [{ name: 'JOB_NAME', values: [NAME] }] } },
    ]);
    const none = scripted(listed(), submitted);
    expect(await none.host.start(jobs)).toEqual({ outcome: 'started', jobId: 'new' });
  });

  it.each([
    ['a connection that broke', Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })],
    ['a server error', { status: 500, body: {}, error: 'ServerException' }],
  ])('looks for the name after %s, and does not submit twice', async (_what, lost) => {
    const found = scripted(lost, listed(NAME));
    expect(await found.host.start(jobs, { first: true })).toEqual({ outcome: 'already-started', jobId: 'id-0' });
    const none = scripted(lost, listed());
    await expect(none.host.start(jobs, { first: true })).rejects.toMatchObject({ family: 'transient' });
    expect(none.calls.map(({ path }) => path)).toEqual(['/v1/submitjob', '/v1/listjobs']);
  });

  it('says in words what Batch refuses', async () => {
    const { host } = scripted({
      status: 400,
      body: { message: 'JobQueue house-jobs not found.' },
      error: 'ClientException',
    });
    expect(await host.start(jobs, { first: true })).toEqual({
      outcome: 'refused',
      reason: 'AWS Batch refused the job: JobQueue house-jobs not found.',
    });
  });

  it('fails for now when it is throttled, and for good when it may not', async () => {
    const slow = scripted({ status: 429, body: {}, error: 'TooManyRequestsException' });
    await expect(slow.host.start(jobs, { first: true })).rejects.toMatchObject({ code: 'aws-throttled' });
    const denied = scripted({ status: 403, body: {}, error: 'AccessDeniedException' });
    await expect(denied.host.start(jobs, { first: true })).rejects.toMatchObject({ code: 'aws-denied' });
  });
});

describe('the Batch watch', () => {
  it('asks about a hundred jobs at a time, and tells both reasons', async () => {
    const ids = Array.from({ length: 101 }, (_, i) => `job-${i}`);
    const { watch, calls } = scripted(
      {
        status: 200,
        body: {
          jobs: [
            {
              jobId: 'job-0',
              status: 'FAILED',
              attempts: [{}, {}],
              statusReason: 'Task failed to start',
              container: { reason: 'CannotPullContainerError: not found', exitCode: 1 },
            },
          ],
        },
      },
      { status: 200, body: { jobs: [] } },
    );
    expect(await watch.describe(ids)).toEqual([
      {
        id: 'job-0',
        status: 'FAILED',
        attempts: 2,
        reason: 'Task failed to start; CannotPullContainerError: not found',
        exitCode: 1,
      },
    ]);
    expect(calls.map(({ body }) => (body.jobs as unknown[]).length)).toEqual([100, 1]);
  });

  it('asks nobody about nothing', async () => {
    const { watch, calls } = scripted();
    expect(await watch.describe([])).toEqual([]);
    expect(calls).toEqual([]);
  });
});
