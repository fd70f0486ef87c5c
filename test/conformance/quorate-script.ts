import { readFileSync } from 'node:fs';
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
import { attribute, type Delivered, Sender, type TxOptions } from './sender.ts';
import { Transcript } from './transcript.ts';

/** A block passed without the transaction that was meant for it: nothing is wrong, but this play proves nothing. */
export class MissedBlock extends Error {}

const WASM = Uint8Array.from(
  readFileSync(new URL('../../infra/chain/contract/artifact/quorate.wasm', import.meta.url)),
);
const UPLOAD: TxOptions = { gas: 10_000_000 };
const INPUT = utf8('what was asked');
export const MODEL = toHex(sha256(utf8('a model')));
const WINDOWS = { roundBlocks: 1, commitBlocks: 8, revealBlocks: 6 };
/** As short as three attempts allow; so sessions, which must end before, are short as well. */
const UNBONDING_BLOCKS = 60;
const PARAMS = {
  ...DEVNET.contract,
  queue_blocks: 20,
  sessions: { ...DEVNET.contract.sessions, register_blocks: 4, session_blocks: 4, challenge_blocks: 4, open_blocks: 4 },
};
const SEATS = 3;
/** With four equal nodes and three seats everybody is drawn in it. */
const ROUND = 1;

/** Uploads the contract. @returns its code id */
export const uploadQuorate = async (chain: ChainUnderTest): Promise<{ codeId: number; uploaded: Delivered }> => {
  const operator = new Sender(chain, 'operator');
  const uploaded = await operator.deliver([operator.upload(WASM)], UPLOAD);
  return { codeId: Number(attribute(uploaded, 'store_code', 'code_id')), uploaded };
};

/** A new instance of the contract with one model and four nodes that serve it, and whoever acts on it. */
export class Stage {
  readonly log = new Transcript();
  readonly operator: Sender;
  readonly nodes: readonly Sender[];
  chain!: Chain;
  contract = '';

  private constructor(chain: ChainUnderTest) {
    this.operator = new Sender(chain, 'operator');
    this.nodes = [0, 1, 2, 3].map((i) => new Sender(chain, `edge-${i}`));
    this.log.name(this.operator.address, 'operator');
    this.log.name(chain.signer('agent').address, 'agent');
    for (const [i, { address }] of this.nodes.entries()) this.log.name(address, `node-${i}`);
  }

  static async open(
    under: ChainUnderTest,
    codeId: number,
    windows: ModelState['windows'],
    unbondingBlocks: number = DEVNET.contract.unbonding_blocks,
  ): Promise<Stage> {
    const stage = new Stage(under);
    const { operator, log } = stage;
    const init = { denom: DEVNET.denom, params: { ...PARAMS, unbonding_blocks: unbondingBlocks } };
    const made = await operator.deliver([operator.instantiate(codeId, init, 'quorate', operator.address)]);
    stage.contract = attribute(made, 'instantiate', '_contract_address');
    log.name(stage.contract, 'quorate');
    log.add('instantiate', made);
    const { rpcUrl: rpc, chainId, denom } = under;
    stage.chain = await connectChain({ rpc, chainId, contract: stage.contract, denom });
    const rule = { exact: {} };
    await stage.run(
      'register_model',
      operator,
      messages.registerModelMessage({ manifestHash: MODEL, priceUnes: '1000', rule, windows }),
    );
    const bond = String(DEVNET.nodeBondUnes);
    const registered = await Promise.all(
      stage.nodes.map((node) =>
        node.deliver([stage.call(node, messages.registerNodeMessage(toHex(node.signer.vrfPublicKey)), bond)]),
      ),
    );
    for (const [i, tx] of registered.entries()) log.add(`register_node ${i}`, tx);
    const serving = await Promise.all(
      stage.nodes.map((node) => node.deliver([stage.call(node, messages.serveMessage(MODEL))])),
    );
    for (const [i, tx] of serving.entries()) log.add(`serve ${i}`, tx);
    const refused = log.entries.find(({ code }) => code !== 0);
    if (refused) throw new Error(`the stage could not be set: ${refused.step}: ${refused.log}`);
    return stage;
  }

  call(from: Sender, msg: object, unes?: string): EncodeObject {
    return from.execute(this.contract, msg, unes);
  }

  /** Sends it whenever, and records what came of it. */
  async run(step: string, from: Sender, msg: object, unes?: string): Promise<Delivered> {
    const tx = await from.deliver([this.call(from, msg, unes)]);
    this.log.add(step, tx);
    return tx;
  }

  /** Has it included at exactly this height. @throws {MissedBlock} */
  async at(height: number, from: Sender, msg: object): Promise<Delivered> {
    const bytes = await from.sign([this.call(from, msg)]);
    const head = await from.reach(height - 1);
    if (head !== height - 1) throw new MissedBlock(`height ${height} was meant, the chain is at ${head}`);
    const { code, log, hash } = await from.broadcast(bytes);
    if (code !== 0) throw new Error(`refused with ${code}: ${log}`);
    const tx = await from.included(hash);
    if (tx.height !== height) throw new MissedBlock(`height ${height} was meant, it was included at ${tx.height}`);
    return tx;
  }

  /** Asks for one answer, paid. */
  async asked(step: string): Promise<{ id: string; queryId: number }> {
    const msg = messages.askMessage({
      model: MODEL,
      inputHash: toHex(sha256(INPUT)),
      input: { inline: INPUT },
      seats: SEATS,
      maxUnits: 1_000,
      agent: this.operator.chain.signer('agent').address,
    });
    const tx = await this.run(step, this.operator, msg, '300000');
    return { id: tx.id, queryId: Number(attribute(tx, 'wasm-quorate', 'query_id')) };
  }

  /** A node's commit and reveal of the same answer, and its VRF proof. */
  async work(queryId: number, node: Sender): Promise<{ commit: object; reveal: object }> {
    const { signer } = node;
    const { seed, weight, totalWeight, seats, attempt } = await this.chain.draw(queryId, signer.address);
    const ref = { chainId: this.chain.chainId, contract: this.contract, queryId, attempt };
    const salt = await signer.seal(saltMessage(ref));
    const [digest, root] = [rawDigest(utf8('the answer')), sha256(utf8('receipts'))];
    const made = commitment(ref, {
      node: signer.address,
      digest,
      sketchHash: sketchHash([]),
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
        digest: toHex(digest),
        sketch: [],
        receiptsRoot: toHex(root),
        salt: toHex(salt),
      }),
    };
  }
}

/** One query from ask to settlement with a transaction at height -1, 0 and +1 of each window's end; then one that nobody serves. */
export const playQuorate = async (under: ChainUnderTest, codeId: number): Promise<Transcript> => {
  const stage = await Stage.open(under, codeId, WINDOWS, UNBONDING_BLOCKS);
  const { log, operator, chain } = stage;
  const [early, before, last, late] = stage.nodes as [Sender, Sender, Sender, Sender];
  await stage.run('bond', late, { bond: {} }, '5');
  const unbonded = await stage.run('unbond', late, { unbond: { amount: '5' } });
  await stage.run('withdraw too early', late, { withdraw: {} });
  const { queryId } = await stage.asked('ask');
  const opened = await chain.query(queryId);
  const close = opened?.opening?.commitClose ?? 0;
  const works = await Promise.all(stage.nodes.map((node) => stage.work(queryId, node)));
  const [of0, of1, of2, of3] = works as [Work, Work, Work, Work];
  const settle = messages.settleMessage(queryId);

  const first = await stage.at(close - 3, early, of0.commit);
  log.add('commit early', first);
  const [twice, justBefore] = await Promise.all([
    stage.at(close - 1, early, of0.commit),
    stage.at(close - 1, before, of1.commit),
  ]);
  log.add('commit twice', twice);
  log.add('commit at the last height but one', justBefore);
  const [atClose, tooEarly, settleTooEarly] = await Promise.all([
    stage.at(close, last, of2.commit),
    stage.at(close, before, of1.reveal),
    stage.at(close, operator, settle),
  ]);
  log.add('commit at the last height', atClose);
  log.add('reveal at the last height of commits', tooEarly);
  log.add('settle at the last height of commits', settleTooEarly);
  const [tooLate, firstReveal] = await Promise.all([
    stage.at(close + 1, late, of3.commit),
    stage.at(close + 1, before, of1.reveal),
  ]);
  log.add('commit one height too late', tooLate);
  log.add('reveal at the first height', firstReveal);

  const end = close + WINDOWS.revealBlocks;
  const [strangers, again] = await Promise.all([
    stage.at(end - 1, late, of3.reveal),
    stage.at(end - 1, before, of1.reveal),
  ]);
  log.add('reveal without a seat', strangers);
  log.add('reveal twice', again);
  const lastReveal = stage.at(end, last, of2.reveal);
  const settleAtEnd = stage.at(end, operator, settle);
  log.add('reveal at the last height', await lastReveal);
  log.add('settle at the last height of reveals', await settleAtEnd);
  log.add('reveal one height too late', await stage.at(end + 1, early, of0.reveal));
  await stage.run('settle', operator, settle);
  await stage.run('settle a final query', operator, settle);
  await stage.run('commit to a final query', late, of3.commit);

  const { queryId: lonely } = await stage.asked('ask again');
  const deadline = (await chain.query(lonely))?.opening?.commitClose ?? 0;
  const expire = messages.expireMessage(lonely);
  log.add('expire one height too early', await stage.at(deadline, operator, expire));
  log.add('expire', await stage.at(deadline + 1, operator, expire));

  const model = Buffer.from(MODEL, 'hex').toString('base64');
  await operator.reach(unbonded.height + UNBONDING_BLOCKS);
  await stage.run('withdraw', late, { withdraw: {} });
  await stage.run('unserve', early, { unserve: { model } });
  await stage.run('withdraw_model by a stranger', early, { withdraw_model: { model } });
  await stage.run('withdraw_model', operator, { withdraw_model: { model } });
  await stage.run(
    'ask for a withdrawn model',
    operator,
    messages.askMessage({
      model: MODEL,
      inputHash: toHex(sha256(INPUT)),
      input: { inline: INPUT },
      seats: SEATS,
      maxUnits: 1_000,
    }),
    '300000',
  );
  await stage.run('bond without funds', operator, { bond: {} });
  return log;
};

type Work = Awaited<ReturnType<Stage['work']>>;
