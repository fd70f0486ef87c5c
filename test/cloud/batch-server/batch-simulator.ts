import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ZodError } from 'zod';
import { BadInputError } from '../../../shared/errors.ts';
import type { Program } from './container.ts';
import { type BatchEvent, type BatchEventType, batchEvent, type DeliveryFaults, deliverInTurn } from './events.ts';
import type { Job } from './job.ts';
import { JobTable } from './job-table.ts';
import { type Operation, operations } from './operations.ts';
import { Registry } from './registry.ts';

export interface BatchSimulatorOptions {
  /** What runs in place of the container's image. */
  readonly program: Program;
  readonly maxVcpus: number;
  /** Takes events to whoever listens; failures are told on stderr. */
  deliver(event: BatchEvent): Promise<void>;
  /** Batch's own least time-out is 60 s. */
  readonly minTimeoutSeconds?: number;
}

/**
 * A simulation of AWS Batch on loopback: the operations that this project calls, over HTTP as the SDK speaks them; jobs are child
 * processes. It is not AWS Batch: no instances, no images, no placement; start-up takes no time.
 */
export interface BatchSimulator {
  readonly url: string;
  /** Every job, children of arrays included, newest first. */
  jobs(): Job[];
  /** What the last attempt wrote. */
  log(job: Job): string;
  /** Holds jobs in RUNNABLE with this reason; undefined lets them go. */
  hold(reason: string | undefined): void;
  passRunnableTime(seconds: number): void;
  failPulls(count: number): void;
  reclaim(job: Job): void;
  /** So many times SubmitJob does its work and its answer is lost. */
  loseSubmitAnswers(count: number): void;
  readonly events: DeliveryFaults;
  close(): Promise<void>;
}

export const startBatchSimulator = async (options: BatchSimulatorOptions): Promise<BatchSimulator> => {
  const nowMs = () => Date.now();
  const events: DeliveryFaults = { copies: 1, swapped: false };
  let isClosed = false;
  const tell = (error: unknown): void => void process.stderr.write(`batch-simulator: an event was lost: ${error}\n`);
  const deliver = async (event: BatchEvent): Promise<void> => {
    if (!isClosed) await options.deliver(event).catch(tell);
  };
  const hand = deliverInTurn(deliver, events);
  const emit = (type: BatchEventType) => (job: Job) => {
    // There is no event for the submit itself.
    if (job.status !== 'SUBMITTED') hand(batchEvent(type, job, nowMs()));
  };
  const table = new JobTable({
    program: options.program,
    maxVcpus: options.maxVcpus,
    nowMs,
    onChange: emit('Batch Job State Change'),
    onBlocked: emit('Batch Job Queue Blocked'),
  });
  const { minTimeoutSeconds = 60 } = options;
  const known = operations({ table, registry: new Registry(), minTimeoutSeconds, nowMs });
  let lostAnswers = 0;
  const server = createServer((request, response) => {
    const name = /^\/v1\/([a-z]+)$/.exec(request.url ?? '')?.[1] ?? '';
    void answer(known[name], request, response, () => name === 'submitjob' && lostAnswers-- > 0);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    jobs: () => table.all().flatMap((job) => [job, ...job.children]),
    log: (job) => table.log(job),
    hold: (reason) => table.hold(reason),
    passRunnableTime: (seconds) => table.passRunnableTime(seconds),
    failPulls: (count) => table.failPulls(count),
    reclaim: (job) => table.reclaim(job),
    loseSubmitAnswers: (count) => {
      lostAnswers = count;
    },
    events,
    close: async () => {
      isClosed = true;
      await table.close();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
};

const answer = async (
  operation: Operation | undefined,
  request: IncomingMessage,
  response: ServerResponse,
  isLost: () => boolean,
): Promise<void> => {
  const send = (status: number, body: object, headers: Record<string, string> = {}): void => {
    response.writeHead(status, { 'content-type': 'application/json', server: 'batch-simulator', ...headers });
    response.end(JSON.stringify(body));
  };
  let text = '';
  for await (const chunk of request) text += chunk;
  try {
    if (!operation) throw new BadInputError('unknown-operation', `batch-simulator has no operation ${request.url}`);
    const body = operation(JSON.parse(text === '' ? '{}' : text));
    if (isLost()) request.socket.destroy();
    else send(200, body);
  } catch (error) {
    if (!(error instanceof BadInputError || error instanceof ZodError || error instanceof SyntaxError)) {
      process.stderr.write(`batch-simulator: ${error instanceof Error ? error.stack : error}\n`);
      return send(500, { message: 'batch-simulator failed' }, { 'x-amzn-errortype': 'ServerException' });
    }
    send(400, { message: `batch-simulator: ${error.message}` }, { 'x-amzn-errortype': 'ClientException' });
  }
};
