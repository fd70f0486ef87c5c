import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CloudConfig } from '../../infra/aws/config.ts';
import type { FunctionName } from '../../infra/aws/functions.ts';
import { laneAddress } from '../../infra/aws/operator/lane.ts';
import { installModel, publishModel } from '../../infra/aws/operator/model.ts';
import { enlistNodes } from '../../infra/aws/operator/nodes.ts';
import { type Operation, openOperation } from '../../infra/aws/operator/operation.ts';
import { DEVNET } from '../../infra/local/settings.ts';
import { openDynamoStore } from '../../shared/adapters/aws/dynamo-store.ts';
import { systemClock, systemRandom } from '../../shared/adapters/system/clock.ts';
import { offlineSigner } from '../../shared/chain/offline-signer.ts';
import { type Client, createClient } from '../../shared/client/client.ts';
import type { Blobs } from '../../shared/ports/blobs.ts';
import type { Store } from '../../shared/ports/store.ts';
import { toHex, utf8 } from '../../shared/protocol/encoding.ts';
import { sha256 } from '../../shared/protocol/sha2.ts';
import type { InstalledModel } from '../../workers/inference/install-ocr.ts';
import { makeBatchResources } from './batch-resources.ts';
import type { BatchSimulator } from './batch-server/batch-simulator.ts';
import type { TestChain } from './chain.ts';
import { deployStacks } from './deploy/deploy.ts';
import type { Emulator } from './emulators.ts';
import { type ReverseProxy, startReverseProxy } from './proxy/reverse-proxy.ts';
import { synthStacks } from './synth.ts';

/** Generous to two cores: a worker's start takes seconds where a whole cloud shares them. */
const WINDOWS = { roundBlocks: 8, commitBlocks: 240, revealBlocks: 240 } as const;
const LANE_UNES = 200_000_000n;
const API_KEY = 'guards-nothing';

export interface DeploymentOptions {
  readonly name: string;
  /** Identities of the chain's keystore that it runs as nodes. */
  readonly nodes: readonly string[];
  /** Instead of the chain's own. */
  readonly rpcs?: readonly string[];
  readonly lingerMs?: number;
  /** Another model than the recogniser. */
  readonly install?: (blobs: Blobs) => Promise<InstalledModel>;
  readonly windows?: typeof WINDOWS;
}

export interface CloudParts {
  readonly emulator: Emulator;
  readonly batch: BatchSimulator;
  readonly chain: TestChain;
}

/** One deployment in the emulator. */
export interface CloudDeployment {
  readonly config: CloudConfig;
  readonly operation: Operation;
  readonly model: InstalledModel;
  readonly apiUrl: string;
  /** Of a user with a wallet of his own. */
  readonly client: Client;
  readonly store: Store;
  /** Calls a function now, as its schedule will within a minute; waits for nothing. */
  kick(name: FunctionName): Promise<void>;
  close(): Promise<void>;
}

const configOf = (chain: TestChain, options: DeploymentOptions, publicUrl: string): CloudConfig =>
  CloudConfig.parse({
    name: options.name,
    emulated: true,
    chain: {
      id: chain.chainId,
      rpcs: options.rpcs ?? chain.rpcUrls,
      contract: chain.contract,
      denom: DEVNET.denom,
      gasPrice: DEVNET.gasPrice,
      bech32Prefix: chain.bech32Prefix,
      blockMs: DEVNET.blockMs,
      startHeight: 1,
      maxSeats: DEVNET.contract.max_seats,
    },
    nodes: options.nodes.map((name) => ({ name, address: chain.keystore.account(name).address })),
    models: [{ id: '0'.repeat(64), vcpus: 1, memoryMiB: 2_048, gpus: 0 }],
    budget: { usdPerMonth: 10, batchJobsPerDay: 1_000 },
    alarms: { email: 'operator@example.org' },
    tenants: [{ name: 'tests', apiKeySha256: toHex(sha256(utf8(API_KEY))), asksPerDay: 10_000 }],
    api: { publicUrl },
    watch: { pollMs: 250 },
    workers: { maxVcpus: 16, lingerMs: options.lingerMs ?? 120_000 },
  });

/** The way of docs/deploy.md, by the same functions as `npm run cloud`: data stack, lane, model, nodes, everything. */
export const deploy = async (parts: CloudParts, options: DeploymentOptions): Promise<CloudDeployment> => {
  const { emulator, batch, chain } = parts;
  // The API's address in the emulator is known only after it is deployed, and links name it before.
  let api = '';
  const front: ReverseProxy = await startReverseProxy(async (_passing, forward) => await forward(api));
  const first = configOf(chain, options, front.url);
  await deployStacks(emulator, synthStacks(first));
  const bare = openOperation(first, emulator.clientConfig);
  const address = await laneAddress(bare);
  const install = options.install ?? (() => installModel(bare));
  const [model] = await Promise.all([install(await bare.blobs()), chain.pay(address, LANE_UNES)]);
  const models = first.models.map((each) => ({ ...each, id: model.model }));
  const config: CloudConfig = { ...first, lane: { address }, models };
  const operation = openOperation(config, emulator.clientConfig);
  await publishModel(operation, model, chain.keystore.account('operator'), options.windows ?? WINDOWS);
  const wallets = options.nodes.map((name) => chain.keystore.account(name));
  await enlistNodes(operation, wallets, { say: () => undefined });
  await deployStacks(emulator, synthStacks(config));
  await makeBatchResources(emulator, batch, config);
  api = `${emulator.endpoint}/_aws/execute-api/${await operation.output('control', 'ApiId')}/$default`;
  const lambda = new LambdaClient(emulator.clientConfig);
  return {
    config,
    operation,
    model,
    apiUrl: front.url,
    store: openDynamoStore({
      client: new DynamoDBClient(emulator.clientConfig),
      table: await operation.output('data', 'TableName'),
      clock: systemClock,
      random: systemRandom,
    }),
    client: createClient({
      apiUrl: front.url,
      rpcUrl: chain.rpcUrls[0] ?? '',
      contract: chain.contract,
      denom: DEVNET.denom,
      gasPrice: DEVNET.gasPrice,
      signer: offlineSigner(chain.keystore.account('asker')),
      apiKey: API_KEY,
      clock: systemClock,
    }),
    kick: async (name) => {
      const input = { FunctionName: `${config.name}-${name}`, InvocationType: 'Event', Payload: '{}' } as const;
      await lambda.send(new InvokeCommand(input));
    },
    close: () => front.close(),
  };
};
