import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { openDynamoStore } from '../../shared/adapters/aws/dynamo-store.ts';
import { openNodeKeys } from '../../shared/adapters/aws/node-keys.ts';
import { openS3Blobs } from '../../shared/adapters/aws/s3-blobs.ts';
import { openSqsQueue } from '../../shared/adapters/aws/sqs-queue.ts';
import { systemClock as clock, systemRandom as random } from '../../shared/adapters/system/clock.ts';
import { readEnv } from '../../shared/env.ts';
import { createLogger } from '../../shared/log.ts';
import { vrfProve } from '../../shared/protocol/ecvrf.ts';
import { currentTrace, tracedStore } from '../../shared/trace.ts';
import { EXIT, exitCodeOf, readBatchJob } from './batch-job.ts';
import type { CloudWorker } from './cloud-worker.ts';
import { STOP_MS, WorkerEnv } from './config.ts';
import { live } from './life.ts';
import { modelFiles } from './model-files.ts';
import { onnxEngine } from './onnx-engine.ts';
import { sessionCache } from './sessions.ts';
import { unsealedResults } from './unsealed.ts';

/** Entry of the worker's container, in AWS Batch or wherever else it runs. */

/** Graphs that stay loaded. */
const MAX_SESSIONS = 8;

/** Goes with the container; workers on one machine share it. */
const MODELS_FOLDER = join(tmpdir(), 'quorate-models');

const write = (line: string): void => void process.stdout.write(`${line}\n`);

const open = async (name: string): Promise<CloudWorker> => {
  const env = readEnv(WorkerEnv, process.env);
  const keys = await openNodeKeys({
    client: new SecretsManagerClient(),
    secretId: env.NODE_KEYS_SECRET,
    addresses: env.NODES,
    ecvrfProve: vrfProve,
  });
  const blobs = openS3Blobs({ client: new S3Client(), bucket: env.BLOBS_BUCKET, clock, random });
  return {
    store: tracedStore(
      openDynamoStore({ client: new DynamoDBClient(), table: env.TABLE_NAME, clock, random }),
      currentTrace,
    ),
    blobs,
    modelFiles: modelFiles(MODELS_FOLDER, blobs),
    queue: openSqsQueue({ client: new SQSClient(), urls: { 'stage-jobs': env.QUEUE_URL_STAGE_JOBS }, random }),
    clock,
    log: createLogger({ clock, sink: write, level: env.LOG_LEVEL, fields: { worker: name } }),
    engine: onnxEngine,
    sessions: sessionCache(MAX_SESSIONS),
    unsealed: unsealedResults(),
    signerOf: (node) => keys.get(node),
    worker: name,
    leaseMs: env.LEASE_MS,
    lingerMs: env.LINGER_MS,
    lifeMs: env.LIFE_MS,
  };
};

const stop = new AbortController();
process.once('SIGTERM', () => {
  stop.abort();
  setTimeout(() => process.exit(EXIT.transient), STOP_MS).unref();
});

try {
  const job = readBatchJob(process.env);
  const name = job?.worker ?? `warm/${hostname()}/${Buffer.from(random.bytes(4)).toString('hex')}`;
  const worker = await open(name);
  process.exitCode = await live({ ...worker, ...(job && { replaces: job.replaces }) }, job, stop.signal);
} catch (error) {
  createLogger({ clock, sink: write }).error('the worker failed', { error });
  process.exitCode = exitCodeOf(error);
}
// Sockets that are kept open would hold the process.
process.exit();
