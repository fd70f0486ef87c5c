import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { z } from 'zod';
import { AdvanceRunEnv } from '../../functions/advance-run/config.ts';
import { ApiEnv } from '../../functions/api/config.ts';
import { DeliverWebhookEnv } from '../../functions/deliver-webhook/config.ts';
import { ReconcileEnv } from '../../functions/reconcile/config.ts';
import { RelayOutboxEnv } from '../../functions/relay-outbox/config.ts';
import { SendTransactionEnv } from '../../functions/send-transaction/config.ts';
import { StartJobEnv } from '../../functions/start-job/config.ts';
import { TrackJobEnv } from '../../functions/track-job/config.ts';
import { WatchChainEnv } from '../../functions/watch-chain/config.ts';
import { queueUrlKey } from '../../shared/env.ts';
import { FUNCTION_QUEUES, QUEUES, type QueueName } from '../../shared/messages/queues.ts';
import { batchNames, gpuModels, maxWorkers } from './batch-names.ts';
import type { CloudConfig } from './config.ts';
import { NodeFunction } from './constructs/node-function.ts';
import type { WorkQueue } from './constructs/work-queue.ts';
import type { DataStack } from './data-stack.ts';

/** Environment schema of each function, by its name: its folder under functions/. */
export const FUNCTIONS = {
  'watch-chain': WatchChainEnv,
  'advance-run': AdvanceRunEnv,
  'relay-outbox': RelayOutboxEnv,
  'start-job': StartJobEnv,
  'track-job': TrackJobEnv,
  'send-transaction': SendTransactionEnv,
  'deliver-webhook': DeliverWebhookEnv,
  reconcile: ReconcileEnv,
  api: ApiEnv,
} as const;
export type FunctionName = keyof typeof FUNCTIONS;

export interface FunctionParts {
  readonly config: CloudConfig;
  readonly data: DataStack;
  readonly queues: Readonly<Record<QueueName, WorkQueue>>;
  /** Base of the API's links, without a slash at the end. */
  readonly publicUrl: string;
  /** Address of the lane account. */
  readonly lane: string;
}

export type Functions = Readonly<Record<FunctionName, NodeFunction>>;

/** Blocks that committee members have for settling before reconcile does it, and over which they spread. */
const OVERDUE_BLOCKS = 12;
const SETTLE_SPREAD_BLOCKS = 3;
const SWEEP_EVERY_MS = 3_600_000;
const SWEEP_HEIGHTS = 10_000;

/** A schedule calls each minute: one ends before the next begins. */
const OF_ONE_MINUTE = Duration.seconds(58);
/**
 * The watcher that attends to something open ends two polls before its time-out: a little after the next one has begun, or nobody would
 * look for some seconds of each minute. Two at once do no harm: each transaction is conditional on the cursor.
 */
const UNTIL_THE_NEXT_ATTENDS = { timeout: Duration.seconds(66), reservedConcurrency: 2 };

/** All functions, without any rights but to write their logs. */
export const makeFunctions = (scope: Construct, parts: FunctionParts): Functions => {
  const { config, data, queues, lane } = parts;
  const { chain } = config;
  const common = { DEPLOYMENT: config.name, LOG_LEVEL: 'info' as const };
  const store = { TABLE_NAME: data.table.tableName };
  const blobs = { BLOBS_BUCKET: data.blobs.bucketName };
  const nodes = { NODES: config.nodes.map(({ address }) => address).join(',') };
  const outgoing = { ALLOW_LOOPBACK_HTTP: config.emulated ? ('1' as const) : ('0' as const) };
  const onChain = {
    CHAIN_ID: chain.id,
    CHAIN_RPCS: chain.rpcs.join(','),
    CHAIN_CONTRACT: chain.contract,
    CHAIN_DENOM: chain.denom,
  };
  const urls = urlsOf(queues);
  const timeoutOf = (name: QueueName): Duration => Duration.millis(QUEUES[name].timeoutMs);
  const names = batchNames(config);
  const onGpu = gpuModels(config).length > 0 ? { GPU_MODELS: gpuModels(config).join(',') } : {};

  const make = <Name extends FunctionName>(
    name: Name,
    description: string,
    env: z.input<(typeof FUNCTIONS)[Name]>,
    size: { readonly timeout: Duration; readonly memoryMiB: number; readonly reservedConcurrency?: number },
  ) => new NodeFunction(scope, name, { deployment: config.name, description, schema: FUNCTIONS[name], env, ...size });

  return {
    'watch-chain': make(
      'watch-chain',
      'Reads blocks, stores events and what they cause',
      {
        ...common,
        ...store,
        ...onChain,
        START_HEIGHT: String(chain.startHeight),
        WATCH_ALWAYS: config.watch.always ? '1' : '0',
        WATCH_POLL_MS: String(config.watch.pollMs),
      },
      { ...UNTIL_THE_NEXT_ATTENDS, memoryMiB: 512 },
    ),
    'advance-run': make(
      'advance-run',
      'The life of a run, one step at a time',
      {
        ...common,
        ...store,
        ...blobs,
        ...onChain,
        ...nodes,
        NODE_KEYS_SECRET: data.nodeKeys.secretArn,
        ...urls('advance-run'),
        SETTLE_SPREAD_BLOCKS: String(SETTLE_SPREAD_BLOCKS),
      },
      { timeout: timeoutOf('advance-run'), memoryMiB: 512 },
    ),
    'relay-outbox': make(
      'relay-outbox',
      'Sends committed effects to their queues',
      { ...common, ...store, ...urls(...FUNCTION_QUEUES) },
      { timeout: Duration.seconds(30), memoryMiB: 512, reservedConcurrency: 10 },
    ),
    'start-job': make(
      'start-job',
      'Places stages on warm workers or on Batch',
      {
        ...common,
        ...store,
        ...blobs,
        ...onChain,
        ...nodes,
        ...outgoing,
        ...urls('start-job', 'stage-jobs'),
        BLOCK_MS: String(chain.blockMs),
        BATCH_QUEUE: names.jobQueue,
        BATCH_JOB_DEFINITION: names.jobDefinition,
        ...onGpu,
        BATCH_MAX_WORKERS: String(maxWorkers(config)),
        BATCH_JOBS_PER_DAY: String(config.budget.batchJobsPerDay),
      },
      { timeout: timeoutOf('start-job'), memoryMiB: 512 },
    ),
    'track-job': make(
      'track-job',
      'Notes what Batch says about jobs, forwards only',
      { ...common, ...store, BATCH_QUEUE: names.jobQueue },
      { timeout: Duration.seconds(15), memoryMiB: 512, reservedConcurrency: 5 },
    ),
    'send-transaction': make(
      'send-transaction',
      'Signs, keeps, sends and finds transactions of the lane',
      {
        ...common,
        ...store,
        ...onChain,
        ...nodes,
        ...urls('send-transaction'),
        LANE_ADDRESS: lane,
        LANE_KEY: data.laneKey.keyArn,
        BECH32_PREFIX: chain.bech32Prefix,
        GAS_PRICE: chain.gasPrice,
      },
      { timeout: timeoutOf('send-transaction'), memoryMiB: 512 },
    ),
    'deliver-webhook': make(
      'deliver-webhook',
      'Sends signed webhooks, with retries',
      { ...common, ...store, ...outgoing, ...urls('deliver-webhook') },
      { timeout: timeoutOf('deliver-webhook'), memoryMiB: 512 },
    ),
    reconcile: make(
      'reconcile',
      'Repairs what is overdue, lost or hidden',
      {
        ...common,
        ...store,
        ...onChain,
        ...urls(...FUNCTION_QUEUES),
        LANE_ADDRESS: lane,
        OVERDUE_BLOCKS: String(OVERDUE_BLOCKS),
        SWEEP_EVERY_MS: String(SWEEP_EVERY_MS),
        SWEEP_HEIGHTS: String(SWEEP_HEIGHTS),
      },
      { timeout: OF_ONE_MINUTE, memoryMiB: 512, reservedConcurrency: 1 },
    ),
    api: make(
      'api',
      'HTTP: queries, models, nodes, receipts, webhooks',
      {
        ...common,
        ...store,
        ...blobs,
        ...onChain,
        ...outgoing,
        ...urls(...FUNCTION_QUEUES, 'stage-jobs'),
        PUBLIC_URL: parts.publicUrl,
        MAX_SEATS: String(chain.maxSeats),
        // The first of the list is the one that is meant when a request names none.
        ...(config.models[0] ? { DEFAULT_MODEL: config.models[0].id } : {}),
        LANE_ADDRESS: lane,
        TENANTS: JSON.stringify(config.tenants),
      },
      // An HTTP API waits 30 s at most.
      { timeout: Duration.seconds(29), memoryMiB: 1024, reservedConcurrency: 50 },
    ),
  };
};

const urlsOf =
  (queues: Readonly<Record<QueueName, WorkQueue>>) =>
  <const Name extends QueueName>(...names: readonly Name[]) =>
    Object.fromEntries(names.map((name) => [queueUrlKey(name), queues[name].queue.queueUrl])) as {
      [N in Name as ReturnType<typeof queueUrlKey<N>>]: string;
    };
