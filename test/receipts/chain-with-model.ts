import { Comet38Client } from '@cosmjs/tendermint-rpc';
import { type Devchain, inProcessClient } from '../../infra/chain/devchain/index.ts';
import { deployContract, registerNode } from '../../infra/local/bootstrap.ts';
import { DEVNET } from '../../infra/local/settings.ts';
import { connectChain } from '../../shared/chain/comet-chain.ts';
import { registerModelMessage } from '../../shared/chain/contract-messages.ts';
import { signCalls } from '../../shared/chain/sign.ts';
import { encodeManifest, type Manifest, modelId } from '../../shared/model/manifest.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import type { AccountSigner, NodeSigner } from '../../shared/ports/signer.ts';
import { rawDigest } from '../../shared/protocol/digest.ts';
import { toHex, utf8 } from '../../shared/protocol/encoding.ts';
import { sha256 } from '../../shared/protocol/sha2.ts';
import type { Rule } from '../../shared/protocol/state.ts';
import { TEST_RUNTIME } from '../../workers/inference/testdata/bytes-model.ts';
import { GENESIS_MS, mined, openTestChain, testSigner, WASM } from '../test-chain.ts';

/** The real contract on the embedded chain, with nodes that serve a model of three stages. */

const WINDOWS = { roundBlocks: 4, commitBlocks: 20, revealBlocks: 6 };

export const hashOf = (name: string): string => toHex(sha256(utf8(name)));

const MANIFEST: Manifest = {
  format: 'quorate/manifest/v1',
  name: 'three stages',
  version: '1',
  licence: 'Apache-2.0',
  task: 'bytes-to-bytes',
  input: { kind: 'bytes', maxBytes: 4_096 },
  result: { kind: 'raw', mediaType: 'text/plain' },
  runtime: TEST_RUNTIME,
  stages: [0, 1, 2].map((i) => ({ shard: hashOf(`shard ${i}`), sizeBytes: 1, before: null, after: null })),
  files: [],
  price: '1000',
  rule: { exact: {} },
  toleranceForOtherClasses: 0,
  knownAnswer: { input: hashOf('in'), sizeBytes: 2, digest: toHex(rawDigest(utf8('out'))) },
};

export class ChainWithModel {
  readonly operator: NodeSigner = testSigner('operator');
  readonly nodes: readonly NodeSigner[];
  readonly manifest = MANIFEST;
  readonly manifestBytes = encodeManifest(MANIFEST);
  readonly model = modelId(this.manifestBytes);
  readonly devchain: Devchain;
  readonly comet: Comet38Client;
  chain!: Chain;

  private constructor(nodes: number, chainId: string) {
    this.nodes = Array.from({ length: nodes }, (_, i) => testSigner(`node ${i}`));
    this.devchain = openTestChain(':memory:', chainId, [this.operator, ...this.nodes]);
    this.comet = Comet38Client.create(inProcessClient(this.devchain.rpc.handle));
  }

  static async open(
    nodes: number,
    { chainId = DEVNET.chainId, rule = MANIFEST.rule }: { chainId?: string; rule?: Rule } = {},
  ): Promise<ChainWithModel> {
    const world = new ChainWithModel(nodes, chainId);
    world.block();
    const contract = await world.#mined(deployContract(world.comet, world.operator, WASM));
    const rpc = inProcessClient(world.devchain.rpc.handle);
    world.chain = await connectChain({ rpc, chainId, contract, denom: DEVNET.denom });
    const { model: manifestHash } = world;
    const model = registerModelMessage({ manifestHash, priceUnes: MANIFEST.price, rule, windows: WINDOWS });
    await world.send(world.operator, model);
    world.block();
    for (const node of world.nodes) {
      await world.#mined(registerNode(world.comet, world.chain, node, world.model, MANIFEST.knownAnswer.digest));
    }
    return world;
  }

  get height(): number {
    return this.devchain.head()?.height ?? 0;
  }

  block(): number {
    return this.devchain.produceBlock((this.devchain.head()?.timeMs ?? GENESIS_MS) + DEVNET.blockMs).height;
  }

  blocksUntil(height: number): void {
    while (this.height < height) this.block();
  }

  #mined<T>(work: Promise<T>): Promise<T> {
    return mined(this.devchain, () => this.block(), work);
  }

  /** Puts an execution into the mempool. */
  async send(signer: AccountSigner, msg: Readonly<Record<string, unknown>>, fundsUnes = '0'): Promise<void> {
    const account = (await this.chain.account(signer.address)) ?? { accountNumber: 0, sequence: 0 };
    const terms = {
      chainId: this.chain.chainId,
      contract: this.chain.contract,
      denom: DEVNET.denom,
      gasLimit: DEVNET.gasLimit,
      feeUnes: DEVNET.feeUnes,
      timeoutHeight: this.height + 50,
    };
    const { bytes } = await signCalls(signer, account, [{ msg, fundsUnes }], terms);
    const answer = await this.chain.broadcast(bytes);
    if (answer.code !== 0) throw new Error(`code ${answer.code}: ${answer.log}`);
  }
}
