import { randomUUID } from 'node:crypto';
import { BatchClient, CreateJobQueueCommand, RegisterJobDefinitionCommand } from '@aws-sdk/client-batch';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { batchHost } from '../../shared/adapters/aws/batch-host.ts';
import { batchWatch } from '../../shared/adapters/aws/batch-watch.ts';
import { openDynamoStore } from '../../shared/adapters/aws/dynamo-store.ts';
import { openS3Blobs } from '../../shared/adapters/aws/s3-blobs.ts';
import { openSqsQueue } from '../../shared/adapters/aws/sqs-queue.ts';
import { queueHost } from '../../shared/adapters/queue-host.ts';
import { systemClock, systemRandom } from '../../shared/adapters/system/clock.ts';
import { QUEUES } from '../../shared/messages/queues.ts';
import { type BatchSimulator, startBatchSimulator } from './batch-server/batch-simulator.ts';
import { Container } from './batch-server/container.ts';
import { makeQueues } from './contracts/sqs.ts';
import { type Emulator, startMinistack } from './emulators.ts';
import { createTable, dynamoClient } from './table.ts';
import { workerProgram } from './worker-program.ts';

export const NODE = 'quorate1testnode';

/** What workers work with: table, bucket, queue and secret in an emulator, and the Batch simulator that starts their real entry point. */
export const openWorkerHouse = async (leaseMs = 60_000) => {
  const emulator: Emulator = await startMinistack();
  const { clientConfig } = emulator;
  const table = await createTable(dynamoClient(emulator));
  const bucket = `blobs-${randomUUID()}`;
  const s3 = new S3Client(clientConfig);
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const secrets = new SecretsManagerClient(clientConfig);
  await secrets.send(new CreateSecretCommand({ Name: 'node-keys', SecretString: randomUUID() + randomUUID() }));
  const sqs = new SQSClient(clientConfig);
  const { visibilityMs, maxReceives } = QUEUES['stage-jobs'];
  const { urls } = await makeQueues(sqs, ['stage-jobs'], { visibilitySeconds: visibilityMs / 1_000, maxReceives });
  const queue = openSqsQueue({ client: sqs, urls, random: systemRandom });
  const program = workerProgram(emulator.env);
  const worker = {
    DEPLOYMENT: 'house',
    LOG_LEVEL: 'debug',
    TABLE_NAME: table,
    BLOBS_BUCKET: bucket,
    NODES: NODE,
    NODE_KEYS_SECRET: 'node-keys',
    QUEUE_URL_STAGE_JOBS: urls['stage-jobs'] ?? '',
    LEASE_MS: String(leaseMs),
    LINGER_MS: '0',
    LIFE_MS: '600000',
  };
  const batch: BatchSimulator = await startBatchSimulator({ program, maxVcpus: 2, deliver: async () => undefined });
  // As the composition makes it: one attempt, so that the SDK submits nothing twice.
  const client = new BatchClient({ ...clientConfig, endpoint: batch.url, maxAttempts: 1 });
  await client.send(
    new CreateJobQueueCommand({ jobQueueName: 'house-jobs', priority: 1, computeEnvironmentOrder: [] }),
  );
  await client.send(
    new RegisterJobDefinitionCommand({
      jobDefinitionName: 'house-inference',
      type: 'container',
      containerProperties: {
        image: 'worker',
        resourceRequirements: [{ type: 'VCPU', value: '1' }],
        environment: Object.entries(worker).map(([name, value]) => ({ name, value })),
      },
      retryStrategy: {
        attempts: 3,
        evaluateOnExit: [
          { onStatusReason: 'Host EC2*', action: 'RETRY' },
          { onExitCode: '75', action: 'RETRY' },
          { onReason: '*', action: 'EXIT' },
        ],
      },
    }),
  );
  return {
    batch,
    queue,
    store: openDynamoStore({ client: dynamoClient(emulator), table, clock: systemClock, random: systemRandom }),
    blobs: openS3Blobs({ client: s3, bucket, clock: systemClock, random: systemRandom }),
    batchHost: batchHost({ client, queueOf: () => ({ jobQueue: 'house-jobs', jobDefinition: 'house-inference' }) }),
    watch: batchWatch(client),
    warmHost: queueHost(queue),
    /** A container that is no Batch job. */
    startWarmWorker: () => new Container(program, [], { ...worker, LINGER_MS: '600000' }),
    stop: async () => {
      await batch.close();
      await emulator.stop();
    },
  };
};
export type WorkerHouse = Awaited<ReturnType<typeof openWorkerHouse>>;
