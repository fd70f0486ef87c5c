import type { EncodeObject } from '@cosmjs/proto-signing';
import { DEVNET } from '../../infra/local/settings.ts';
import { connectChain } from '../../shared/chain/comet-chain.ts';
import * as messages from '../../shared/chain/contract-messages.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import { commitment, saltMessage, sketchHash } from '../../shared/protocol/commitment.ts';
import { rawDigest } from '../../shared/protocol/digest.ts';
import { fromHex, toHex, utf8 } from '../../shared/protocol/encoding.ts';
import { sha256 } from '../../shared/protocol/sha2.ts';
import { alphaOf, qualifies } from '../../shared/protocol/sortition.ts';
import type { ModelState } from '../../shared/protocol/state.ts';
import type { ChainUnderTest } from './chain-under-test.ts';
import { attribute, type Delivered, feeOf, Sender } from './sender.ts';
import { Transcript } from './transcript.ts';

/** A block passed without the transaction that was meant for it: nothing is wrong, but this play proves nothing. */
export class MissedBlock extends Error {}

export const INPUT = utf8('what was asked');
export const ANSWER = rawDigest(utf8('the answer'));
export const MODEL = toHex(sha256(utf8('a model')));
export const PRICE_UNES = 1_000n;
export const SEATS = 3;
/** With four nodes of about the same weight and three seats everybody is drawn in it. */
const ROUND = 1;
/** Long enough for a slow machine; a committee that is full or has revealed waits for no end of theirs. */
export const LONG_WINDOWS = { roundBlocks: 1, commitBlocks: 40, revealBlocks: 40 };

/** What came of a step and what shared/protocol says it should be: two equal values. */
export interface Check {
  readonly what: string;
  readonly seen: unknown;
  readonly due: unknown;
}

export interface Played {
  readonly log: Transcript;
  readonly checks: readonly Check[];
}

export interface StageSettings {
  readonly codeId: number;
  readonly windows: ModelState['windows'];
  /** The message of instantiation. */
  readonly init: object;
  /** What a message looks like for the contract's version; as the current one has it unless said. */
  readonly form?: (msg: object) => object;
  /** Attributes of the contract's events that depend on when a play got to it. */
  readonly unmet?: readonly string[];
}

/** A new instance of the contract with one model and four nodes that serve it, and whoever acts on it. */
export class Stage {
  readonly log: Transcript;
  readonly operator: Sender;
  readonly nodes: readonly [Sender, Sender, Sender, Sender];
  readonly under: ChainUnderTest;
  readonly #form: (msg: object) => object;
  /** Unes that an account paid for its transactions here. */
  readonly #fees = new Map<string, bigint>();
  chain!: Chain;
  contract = '';

  private constructor(under: ChainUnderTest, { form = (msg) => msg, unmet = [] }: StageSettings) {
    this.under = under;
    this.log = new Transcript(unmet);
    this.#form = form;
    const node = (i: number): Sender => new Sender(under, `edge-${i}`);
    this.operator = new Sender(under, 'operator');
    this.nodes = [node(0), node(1), node(2), node(3)];
    this.log.name(this.operator.address, 'operator');
    this.log.name(under.signer('agent').address, 'agent');
    for (const [i, { address }] of this.nodes.entries()) this.log.name(address, `node-${i}`);
  }

  static async open(under: ChainUnderTest, settings: StageSettings): Promise<Stage> {
    const stage = new Stage(under, settings);
    const { operator, log } = stage;
    const make = operator.instantiate(settings.codeId, settings.init, 'quorate', operator.address);
    const made = await operator.deliver([make]);
    stage.contract = attribute(made, 'instantiate', '_contract_address');
    log.name(stage.contract, 'quorate');
    log.add('instantiate', made);
    const { rpcUrl: rpc, chainId, denom } = under;
    stage.chain = await connectChain({ rpc, chainId, contract: stage.contract, denom });
    const model = {
      manifestHash: MODEL,
      priceUnes: String(PRICE_UNES),
      rule: { exact: {} },
      windows: settings.windows,
    };
    await stage.run('register_model', operator, messages.registerModelMessage(model));
    const bond = String(DEVNET.nodeBondUnes);
    await stage.byEach('register_node', (node) => [
      messages.registerNodeMessage(toHex(node.signer.vrfPublicKey)),
      bond,
    ]);
    await stage.byEach('serve', () => [messages.serveMessage(MODEL)]);
    const refused = log.entries.find(({ code }) => code !== 0);
    if (refused) throw new Error(`the stage could not be set: ${refused.step}: ${refused.log}`);
    return stage;
  }

  /** The same by several nodes at once, all unless said; recorded in their order. */
  async byEach(
    step: string,
    msg: (node: Sender, i: number) => readonly [object, string?],
    nodes: readonly Sender[] = this.nodes,
  ): Promise<void> {
    const sent = nodes.map((node, i) => node.deliver([this.call(node, ...msg(node, i))]));
    for (const [i, tx] of (await Promise.all(sent)).entries()) {
      const node = nodes[i] as Sender;
      this.#paid(node, tx);
      this.log.add(`${step} ${this.nodes.indexOf(node)}`, tx);
    }
  }

  call(from: Sender, msg: object, unes?: string): EncodeObject {
    return from.execute(this.contract, this.#form(msg), unes);
  }

  /** Sends it whenever, and records what came of it. */
  async run(step: string, from: Sender, msg: object, unes?: string): Promise<Delivered> {
    const tx = await from.deliver([this.call(from, msg, unes)]);
    this.#paid(from, tx);
    this.log.add(step, tx);
    return tx;
  }

  /** As run, for several messages of one account, each in a transaction of its own, without waiting in between. */
  async runAll(from: Sender, steps: readonly (readonly [step: string, msg: object, unes?: string])[]) {
    const { sequence } = await from.account();
    const hashes: string[] = [];
    for (const [i, [, msg, unes]] of steps.entries()) {
      const answer = await from.broadcast(await from.sign([this.call(from, msg, unes)], { sequence: sequence + i }));
      if (answer.code !== 0) throw new Error(`refused with ${answer.code}: ${answer.log}`);
      hashes.push(answer.hash);
    }
    const txs = await Promise.all(hashes.map((hash) => from.included(hash)));
    for (const [i, tx] of txs.entries()) {
      this.#paid(from, tx);
      this.log.add((steps[i] as (typeof steps)[number])[0], tx);
    }
    return txs;
  }

  /** Has it included at exactly this height. @throws {MissedBlock} */
  async at(height: number, from: Sender, msg: object): Promise<Delivered> {
    const bytes = await from.sign([this.call(from, msg)]);
    const head = await from.reach(height - 1);
    if (head !== height - 1) throw new MissedBlock(`height ${height} was meant, the chain is at ${head}`);
    const { code, log, hash } = await from.broadcast(bytes);
    if (code !== 0) throw new Error(`refused with ${code}: ${log}`);
    const tx = await from.included(hash);
    this.#paid(from, tx);
    if (tx.height !== height) throw new MissedBlock(`height ${height} was meant, it was included at ${tx.height}`);
    return tx;
  }

  #paid(from: Sender, tx: Delivered): void {
    this.#fees.set(from.address, (this.#fees.get(from.address) ?? 0n) + feeOf(tx));
  }

  /** Balance in unes, without what the account paid for transactions here. */
  async balance(address: string): Promise<bigint> {
    return (await this.chain.balanceUnes(address)) + (this.#fees.get(address) ?? 0n);
  }

  /** The contract's answer to a query, as JSON has it. */
  async ask(query: object): Promise<unknown> {
    return await this.operator.smart(this.contract, query);
  }

  /** Keeps the contract's answer to a query in the transcript. */
  async view(step: string, query: object): Promise<void> {
    this.log.value(step, await this.ask(query));
  }

  /** The contract's own books against what the bank has: the same after every message. */
  async books(): Promise<Check> {
    const { bondsUnes, feesUnes, poolUnes, sessionsUnes } = await this.chain.totals();
    const balance = await this.chain.balanceUnes(this.contract);
    const seen = String(bondsUnes + feesUnes + poolUnes + sessionsUnes);
    return { what: 'totals = balance', seen, due: String(balance) };
  }

  /** Asks for one answer, paid. */
  async asked(step: string): Promise<{ id: string; queryId: number }> {
    const msg = messages.askMessage({
      model: MODEL,
      inputHash: toHex(sha256(INPUT)),
      input: { inline: INPUT },
      seats: SEATS,
      maxUnits: 1_000,
      agent: this.under.signer('agent').address,
    });
    const tx = await this.run(step, this.operator, msg, '300000');
    return { id: tx.id, queryId: Number(attribute(tx, 'wasm-quorate', 'query_id')) };
  }

  /** A node's commit and reveal of an answer, with its VRF proof. */
  async work(queryId: number, node: Sender, sketch: readonly number[] = []): Promise<Work> {
    const { signer } = node;
    const { seed, weight, totalWeight, seats, attempt } = await this.chain.draw(queryId, signer.address);
    const ref = { chainId: this.chain.chainId, contract: this.contract, queryId, attempt };
    const salt = await signer.seal(saltMessage(ref));
    const root = sha256(utf8('receipts'));
    const made = commitment(ref, {
      node: signer.address,
      digest: ANSWER,
      sketchHash: sketchHash(sketch),
      receiptsRoot: root,
      salt,
    });
    const { proof, beta } = await signer.prove(alphaOf(fromHex(seed), ROUND));
    if (!qualifies(beta, { weight, totalWeight, seats, round: ROUND })) {
      throw new Error(`node ${signer.address} is not drawn in round ${ROUND}`);
    }
    return {
      commit: messages.commitMessage(queryId, ROUND, toHex(proof), toHex(made)),
      reveal: messages.revealMessage(queryId, {
        digest: toHex(ANSWER),
        sketch,
        receiptsRoot: toHex(root),
        salt: toHex(salt),
      }),
    };
  }

  /** Plays a query that is open to its end: these nodes commit in this order, and reveal. */
  async answered(
    queryId: number,
    nodes: readonly Sender[],
    sketchOf: (i: number) => readonly number[] = () => [],
  ): Promise<void> {
    const works = await Promise.all(nodes.map((node, i) => this.work(queryId, node, sketchOf(i))));
    const name = (i: number): number => this.nodes.indexOf(nodes[i] as Sender);
    for (const [i, { commit }] of works.entries()) {
      await this.run(`commit ${name(i)} to ${queryId}`, nodes[i] as Sender, commit);
    }
    await this.revealed(queryId, nodes, works);
    await this.run(`settle ${queryId}`, this.operator, messages.settleMessage(queryId));
  }

  /** Waits for the reveal window and has them reveal one by one: the last reveal says that the query can be settled. */
  async revealed(queryId: number, nodes: readonly Sender[], works: readonly Work[]): Promise<void> {
    const close = (await this.chain.query(queryId))?.opening?.commitClose ?? 0;
    await this.operator.reach(close);
    for (const [i, { reveal }] of works.entries()) {
      const node = nodes[i] as Sender;
      await this.run(`reveal ${this.nodes.indexOf(node)} in ${queryId}`, node, reveal);
    }
  }
}

export interface Work {
  readonly commit: object;
  readonly reveal: object;
}
