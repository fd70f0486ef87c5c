import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Comet38Client } from '@cosmjs/tendermint-rpc';
import { createApi } from '../../functions/api/app.ts';
import { DEFAULT_API_CONFIG } from '../../functions/api/deps.ts';
import { type Devchain, inProcessClient } from '../../infra/chain/devchain/index.ts';
import { deployContract, registerModel, registerNode } from '../../infra/local/bootstrap.ts';
import { createDeployment, type Deployment } from '../../infra/local/deployment.ts';
import { DEVNET, LANE_TERMS } from '../../infra/local/settings.ts';
import { openDatabase } from '../../shared/adapters/local/sqlite.ts';
import { openSqliteQueue, releaseInFlight } from '../../shared/adapters/local/sqlite-queue.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { connectChain } from '../../shared/chain/comet-chain.ts';
import { askMessage } from '../../shared/chain/contract-messages.ts';
import { cometEvidence } from '../../shared/chain/proof/comet-evidence.ts';
import { createLogger } from '../../shared/log.ts';
import { FUNCTION_QUEUES } from '../../shared/messages/queues.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Queue } from '../../shared/ports/queue.ts';
import type { NodeSigner } from '../../shared/ports/signer.ts';
import { utf8 } from '../../shared/protocol/encoding.ts';
import { planTransaction } from '../../shared/rows/plan-transaction.ts';
import type { InferenceEngine } from '../../workers/inference/engine.ts';
import { inlineHost } from '../../workers/inference/inline-host.ts';
import { modelFiles } from '../../workers/inference/model-files.ts';
import { onnxEngine } from '../../workers/inference/onnx-engine.ts';
import { sessionCache } from '../../workers/inference/sessions.ts';
import { installTinyModel } from '../../workers/inference/testdata/tiny-model.ts';
import { unsealedResults } from '../../workers/inference/unsealed.ts';
import { memoryBlobs, seededRandom } from '../contracts/fakes.ts';
import { GENESIS_MS, mined, openTestChain, testSigner, WASM } from '../test-chain.ts';
import type { Gate } from './crash.ts';

export const INPUT = utf8('a query that survives');

/** Time that moves only with blocks and with sleeps. */
class SimulatedClock implements Clock {
  now = GENESIS_MS;
  nowMs(): number {
    return this.now;
  }
  async sleep(ms: number): Promise<void> {
    this.now += ms;
  }
}

/** Long enough that a restarted process is back in time. */
const WINDOWS = { roundBlocks: 50, commitBlocks: 200, revealBlocks: 200 };

export interface WorldOptions {
  readonly nodes: number;
  /** The connection of each process instead of an honest one: lies, delays. */
  readonly chainOf?: (chain: Chain) => Chain;
  /** The engine of a node's workers instead of the honest one. */
  readonly engineOf?: (node: string) => InferenceEngine;
  /** The queue of each process: duplicates, reorderings. */
  readonly queueOf?: (queue: Queue) => Queue;
}

/** Chains that are ready for a query, by number of nodes: made once per test file. */
const templates = new Map<number, Promise<{ file: string; contract: string }>>();

const makeTemplate = async (nodes: number): Promise<{ file: string; contract: string }> => {
  const world = await World.found(nodes);
  const file = join(mkdtempSync(join(tmpdir(), 'quorate-template-')), 'chain.sqlite');
  const { contract } = world.chain;
  await world.devchain.close();
  copyFileSync(world.chainFile, file);
  return { file, contract };
};

/**
 * One deployment and its chain on simulated time. What is durable (chain, database, blobs, keys) outlives processes; a process is
 * everything else. The contract, the chain, the queues, the tables and the ONNX runtime are the real ones.
 */
export class World {
  readonly clock = new SimulatedClock();
  readonly database = openDatabase(':memory:');
  readonly blobs = memoryBlobs();
  readonly operator = testSigner('operator');
  readonly nodes: readonly NodeSigner[];
  readonly devchain: Devchain;
  /** A connection of the test's own, outside any process. */
  chain!: Chain;
  model = '';
  readonly startHeight: number;
  readonly #options: WorldOptions;
  readonly #lines: string[] = [];

  readonly #folder: string;

  private constructor(options: WorldOptions, chainFile?: string) {
    this.#options = options;
    this.#folder = mkdtempSync(join(tmpdir(), 'quorate-world-'));
    if (chainFile) copyFileSync(chainFile, this.chainFile);
    this.nodes = Array.from({ length: options.nodes }, (_, i) => testSigner(`node ${i}`));
    this.devchain = openTestChain(this.chainFile, DEVNET.chainId, [this.operator, ...this.nodes]);
    this.clock.now = this.devchain.head()?.timeMs ?? GENESIS_MS;
    this.startHeight = (this.devchain.head()?.height ?? 0) + 1;
  }

  get chainFile(): string {
    return join(this.#folder, 'chain.sqlite');
  }

  /** A world whose contract, model and nodes are registered. */
  static async open(options: WorldOptions): Promise<World> {
    const template = templates.get(options.nodes) ?? makeTemplate(options.nodes);
    templates.set(options.nodes, template);
    const { file, contract } = await template;
    const world = new World(options, file);
    world.chain = await world.connect(contract);
    ({ model: world.model } = await installTinyModel(world.blobs));
    return world;
  }

  /** A new chain, brought up as an operator does. */
  static async found(nodes: number): Promise<World> {
    const world = new World({ nodes });
    world.block();
    const comet = world.comet();
    const contract = await world.#mined(deployContract(comet, world.operator, WASM));
    world.chain = await world.connect(contract);
    const { model, manifest } = await installTinyModel(world.blobs);
    world.model = model;
    await world.#mined(registerModel(comet, world.chain, world.operator, model, manifest, WINDOWS));
    for (const node of world.nodes) {
      await world.#mined(registerNode(comet, world.chain, node, model, manifest.knownAnswer.digest));
    }
    return world;
  }

  async close(): Promise<void> {
    await this.devchain.close();
    this.database.close();
    rmSync(this.#folder, { recursive: true });
  }

  #mined<T>(work: Promise<T>): Promise<T> {
    return mined(this.devchain, () => this.block(), work);
  }

  /** What processes logged, for a failing test to show. */
  get log(): string {
    return this.#lines.slice(-40).join('\n');
  }

  comet(): Comet38Client {
    return Comet38Client.create(inProcessClient(this.devchain.rpc.handle));
  }

  connect(contract: string): Promise<Chain> {
    const rpc = inProcessClient(this.devchain.rpc.handle);
    return connectChain({ rpc, chainId: DEVNET.chainId, contract, denom: DEVNET.denom });
  }

  /** The next block, one block time later. */
  block(): number {
    this.clock.now += DEVNET.blockMs;
    return this.devchain.produceBlock(this.clock.now).height;
  }

  /** Plans a paid query of the operator's own, as the API does. */
  async ask(seats = this.nodes.length, name = 'ask/1'): Promise<void> {
    const inputHash = await this.blobs.put(INPUT);
    const msg = askMessage({ model: this.model, inputHash, input: { inline: INPUT }, seats, maxUnits: 1_000 });
    const deadlineHeight = (this.devchain.head()?.height ?? 0) + 200;
    const intent = { txId: name, signer: this.operator.address, msg, fundsUnes: String(1_000 * seats), deadlineHeight };
    await openSqliteStore(this.database).transact(planTransaction(intent, this.clock.nowMs()));
  }

  /** Starts a process on what is durable, as the local composition does after a kill: alone. */
  async restart(gate: Gate) {
    releaseInFlight(this.database);
    return await this.process(gate);
  }

  /** Starts a process on what is durable, perhaps beside others. */
  async process(gate: Gate) {
    const { clock, database } = this;
    const random = seededRandom(7);
    const store = gate.wrap('store', openSqliteStore(database));
    const opened = openSqliteQueue(database, { clock, random });
    const queue = gate.wrap('queue', this.#options.queueOf?.(opened) ?? opened);
    const blobs = gate.wrap('blobs', this.blobs);
    const connected = await this.connect(this.chain.contract);
    const chain = gate.wrap('chain', this.#options.chainOf?.(connected) ?? connected);
    const files = modelFiles(join(this.#folder, 'models'), blobs);
    const sessions = sessionCache(4);
    const signers = this.nodes.map((node) => gate.wrap('signer', node));
    const operator = gate.wrap('signer', this.operator);
    const log = createLogger({ clock, sink: (line) => this.#lines.push(line) });
    const places = new Map(
      signers.map((signer) => {
        const engine = this.#options.engineOf?.(signer.address) ?? onnxEngine;
        // Loaded graphs are a node's own: another's engine may be another.
        const own = this.#options.engineOf ? sessionCache(4) : sessions;
        const unsealed = unsealedResults();
        const worker = {
          store,
          blobs,
          modelFiles: files,
          clock,
          engine,
          sessions: own,
          unsealed,
          signer,
          worker: 'inline',
          leaseMs: 5_000,
        };
        return [signer.address, { threads: gate.wrap('host', inlineHost(worker)) }] as const;
      }),
    );
    const deployment = createDeployment({
      store,
      queue,
      blobs,
      chain,
      clock,
      random,
      log,
      places,
      nodes: new Map(signers.map((signer) => [signer.address, signer])),
      signers: new Map([operator, ...signers].map((signer) => [signer.address, signer])),
      operator: operator.address,
      settleSpreadBlocks: 2,
      overdueBlocks: 12,
      unsentAfterMs: DEVNET.unsentAfterMs,
      sweepEveryMs: DEVNET.sweepEveryMs,
      sweepHeights: DEVNET.sweepHeights,
      // The devchain says once that it has no unordered transactions; this world has been told.
      terms: { ...LANE_TERMS, leaseMs: 5_000, pollMs: 0, maxPolls: 1, maxUnordered: 0 },
      claimWithinMs: 5_000,
      fetchInput: async () => {
        throw new TypeError('inputs are inline or uploaded here');
      },
      startHeight: this.startHeight,
      passId: () => 'simulated',
      post: async () => {
        throw new TypeError('no webhooks here');
      },
    });
    const api = createApi({
      store,
      queue,
      blobs,
      chain,
      chainEvidence: cometEvidence(this.comet()),
      clock,
      random,
      askSigner: operator.address,
      checkWebhookUrl: () => undefined,
      config: { ...DEFAULT_API_CONFIG, publicUrl: 'http://quorate.invalid', defaultModel: this.model },
      log,
    });
    return {
      gate,
      deployment,
      /** A custodial ask over HTTP, under one idempotency key however often it is sent. @returns whether it was taken */
      ask: async (): Promise<boolean> => {
        const { status } = await api.request('/v1/queries', {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'idempotency-key': '1' },
          body: JSON.stringify({ input: { base64: Buffer.from(INPUT).toString('base64') }, seats: this.nodes.length }),
        });
        return status === 202;
      },
      release: () => sessions.clear(),
    };
  }

  /** One block and everything that a process does about it. */
  async tick(deployment: Deployment, turn: number): Promise<void> {
    this.block();
    await this.work(deployment, turn);
  }

  /** What a process does until it finds nothing more; every sixth turn it also reconciles. */
  async work(deployment: Deployment, turn: number): Promise<void> {
    await deployment.watch();
    await deployment.relay();
    for (let worked = true; worked; ) {
      worked = false;
      for (const name of FUNCTION_QUEUES) worked = (await deployment.consume(name, 10)) > 0 || worked;
      await deployment.relay();
    }
    if (turn % 6 === 5) await deployment.reconcile();
  }
}
