import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Comet38Client, HttpClient } from '@cosmjs/tendermint-rpc';
import { DEFAULT_API_CONFIG } from '../../functions/api/deps.ts';
import { checkUrl } from '../../shared/adapters/http/safe-post.ts';
import { openFileBlobs } from '../../shared/adapters/local/file-blobs.ts';
import type { Keystore } from '../../shared/adapters/local/keystore.ts';
import { systemClock, systemRandom } from '../../shared/adapters/system/clock.ts';
import { connectChain } from '../../shared/chain/comet-chain.ts';
import { ringOnBlocks } from '../../shared/chain/doorbell.ts';
import type { LaneDeps, LaneTerms } from '../../shared/chain/lanes/deps.ts';
import { offlineSigner } from '../../shared/chain/offline-signer.ts';
import { cometEvidence } from '../../shared/chain/proof/comet-evidence.ts';
import { connectEndpoints } from '../../shared/chain/rpc/connect.ts';
import { InvariantError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import type { JobHost } from '../../shared/ports/job-host.ts';
import type { InstalledModel } from '../../workers/inference/install-ocr.ts';
import { installTriedModel, type TriedModel } from '../../workers/inference/try-model.ts';
import type { Isolation } from '../../workers/inference/worker-host.ts';
import { openFaucet } from '../chain/devchain/faucet.ts';
import { type BlockFeed, type Devchain, inProcessClient, type RpcHandle } from '../chain/devchain/index.ts';
import { type Backend, startBackend } from './backend.ts';
import { deployContract, grantExecution, registerModel, registerNode } from './bootstrap.ts';
import { type LocalChain, nodeNames, startDevchain } from './devnet.ts';
import { devnetKeys } from './keys.ts';
import { lockFolder } from './lock.ts';
import { type LocalNode, paths } from './node.ts';
import { amount, type Say, short } from './say.ts';
import { serveApi } from './serve-api.ts';
import { CHAINS, type ChainKind, DEVNET, DEVNET_PASSWORD } from './settings.ts';
import { supervise } from './supervisor.ts';
import { startWasmdChain } from './wasmd-chain.ts';

const WASM = new URL('../chain/contract/artifact/quorate.wasm', import.meta.url);

export interface HouseOptions {
  readonly chainKind: ChainKind;
  readonly dataDir: string;
  readonly apiPort: number;
  readonly rpcPort: number;
  readonly password: string | undefined;
  readonly say: Say;
  readonly log: Logger;
  /** Leaves this node to an operator of its own. */
  readonly rogue?: string;
  readonly hostOf?: (node: LocalNode) => JobHost;
  /** Default: threads. */
  readonly isolation?: Isolation;
  readonly terms?: Partial<LaneTerms>;
  /** The operator's account signs for all nodes, by their grants: several of their messages share a transaction. */
  readonly sharedLane?: boolean;
  /** The RPC that the backend is given instead of the chain's own, or several. */
  readonly rpcOf?: (handle: RpcHandle) => RpcHandle | readonly RpcHandle[];
  /** The feed of the chain's websocket, on the embedded chain. */
  readonly feedOf?: (blocks: BlockFeed) => BlockFeed;
  readonly revealBlocks?: number;
}

/** Everything of a devnet in one process: chain, contract, bonded nodes, backend, API. */
export interface House {
  readonly keystore: Keystore;
  readonly rpcUrls: readonly string[];
  readonly devchain: Devchain | undefined;
  /** An honest connection of the composition's own. */
  readonly chain: Chain;
  readonly comet: Comet38Client;
  readonly backend: Backend;
  readonly model: InstalledModel;
  readonly apiUrl: string;
  nameOf(address: string): string;
  stop(): Promise<void>;
}

export const openHouse = async (options: HouseOptions): Promise<House> => {
  const { dataDir, say, log } = options;
  const files = paths(dataDir);
  mkdirSync(dataDir, { recursive: true });
  const unlock = lockFolder(join(dataDir, 'lock'));
  const { bech32Prefix } = CHAINS[options.chainKind];
  const keystore = await devnetKeys(files.keystore, options.password ?? DEVNET_PASSWORD, bech32Prefix);
  const local = await startChain(options, keystore);
  const { chainId, rpcUrls } = local;
  const rpcUrl = rpcUrls[0] ?? '';
  const blocks = supervise(local.loops, { clock: systemClock, log });
  const comet = Comet38Client.create(new HttpClient(rpcUrl));
  const contract = await deployContract(comet, keystore.account('operator'), readFileSync(WASM));
  const { denom } = DEVNET;
  const chain = await connectChain({ rpc: rpcUrl, chainId, contract, denom });
  say('chain', `${chainId} at ${rpcUrls.join(', ')}, contract ${contract}`);

  const blobs = openFileBlobs(files.blobs);
  const model = await installTriedModel(blobs);
  const { name, stages } = model.manifest;
  say(
    'model',
    `${name} ${short(model.model)}: ${stages.length} stages, known answer computed on ${model.runtimeClass}`,
  );
  await enlist(options, { keystore, comet, chain, model });

  const honest = nodeNames(DEVNET.nodes).filter((name) => name !== options.rogue);
  const faulty = options.rpcOf && [options.rpcOf(handleOf(local))].flat();
  const connected = await connectEndpoints({
    endpoints: faulty?.map((rpc, i) => ({ name: `faulty-${i}`, transport: inProcessClient(rpc) })) ?? rpcUrls,
    chainId,
    contract,
    denom,
    clock: systemClock,
  });
  const socket = rpcUrl.replace('http', 'ws');
  const backend: Backend = startBackend({
    dataDir,
    keystore,
    chain: connected.chain,
    sources: connected.sources,
    nodeNames: honest,
    log,
    loops: [
      {
        name: 'doorbell',
        turn: async (signal) => {
          const height = async (): Promise<number> => (await chain.head()).height;
          const ring = (): void => backend.look();
          await ringOnBlocks({ url: socket, ring, height, clock: systemClock, checkMs: 10 * DEVNET.blockMs }, signal);
          return false;
        },
        idleMs: 1_000,
      },
    ],
    ...(options.hostOf && { hostOf: options.hostOf }),
    ...(options.isolation && { isolation: options.isolation }),
    ...(options.terms && { terms: options.terms }),
    ...(options.sharedLane && { lanes: await shareLane(comet, keystore, honest, contract) }),
  });
  const faucet = await openFaucet({
    signer: offlineSigner(keystore.account('faucet')),
    comet,
    denom,
    gasPrice: DEVNET.gasPrice.replace(denom, ''),
    bech32Prefix,
    maxAmountPerRequest: DEVNET.faucetUnes,
  });
  const api = await serveApi(
    options.apiPort,
    (publicUrl) => ({
      store: backend.store,
      queue: backend.queue,
      blobs,
      chain,
      endpoints: connected.endpoints,
      chainEvidence: cometEvidence(comet),
      clock: systemClock,
      random: systemRandom,
      askSigner: keystore.account('api').address,
      checkWebhookUrl: (url) => checkUrl(url, { allowLoopbackHttp: true }),
      config: { ...DEFAULT_API_CONFIG, maxSeats: DEVNET.contract.max_seats, publicUrl, defaultModel: model.model },
      log: log.child({ function: 'api' }),
    }),
    faucet,
  );
  const { gasPrice } = DEVNET;
  const config = {
    apiUrl: api.url,
    rpcUrl,
    chainId,
    contract,
    denom,
    gasPrice,
    faucetUrl: `${api.url}/faucet`,
  };
  writeFileSync(files.config, `${JSON.stringify(config, undefined, 2)}\n`);
  say('api', `${api.url} (openapi: ${api.url}/openapi.json)`);

  const names = new Map(keystore.names.map((name) => [keystore.account(name).address, name]));
  return {
    keystore,
    rpcUrls,
    devchain: local.devchain,
    chain,
    comet,
    backend,
    model,
    apiUrl: api.url,
    nameOf: (address) => names.get(address) ?? address,
    stop: async () => {
      await api.close();
      await backend.stop();
      await blocks.stop();
      await local.close();
      unlock();
    },
  };
};

/** @returns the operator's account as the lane of each node */
const shareLane = async (
  comet: Comet38Client,
  keystore: Keystore,
  names: readonly string[],
  contract: string,
): Promise<NonNullable<LaneDeps['lanes']>> => {
  const { address } = keystore.account('operator');
  for (const name of names) {
    await grantExecution(comet, keystore.account(name), address, contract, ['commit', 'reveal', 'settle']);
  }
  return new Map(names.map((name) => [keystore.account(name).address, [{ address }]]));
};

const startChain = (options: HouseOptions, keystore: Keystore): Promise<LocalChain> => {
  const { chainKind, dataDir, rpcPort, say, feedOf } = options;
  const start = { dataDir, keystore, clock: systemClock, rpcPort, ...(feedOf && { feedOf }) };
  if (chainKind === 'devchain') return startDevchain(start);
  return startWasmdChain(start, (line) => say('wasmd', line));
};

const handleOf = ({ chainId, devchain }: LocalChain): RpcHandle => {
  if (devchain) return devchain.rpc.handle;
  throw new InvariantError('no-embedded-chain', `faults of the RPC stand before the embedded chain, not ${chainId}`);
};

interface Enlisting {
  readonly keystore: Keystore;
  readonly comet: Comet38Client;
  readonly chain: Chain;
  readonly model: TriedModel;
}

const enlist = async (
  { say, revealBlocks }: HouseOptions,
  { keystore, comet, chain, model }: Enlisting,
): Promise<void> => {
  const windows = { ...DEVNET.windows, ...(revealBlocks !== undefined && { revealBlocks }) };
  await registerModel(comet, chain, keystore.account('operator'), model.model, model.manifest, windows);
  const names = nodeNames(DEVNET.nodes);
  await Promise.all(names.map((name) => registerNode(comet, chain, keystore.node(name), model.model, model.computed)));
  const { bondsUnes } = await chain.totals();
  say('nodes', `${names.length} nodes serve it, ${amount(bondsUnes)} bonded in all`);
};
