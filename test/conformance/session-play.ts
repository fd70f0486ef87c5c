import { fromHex, toHex } from '../../shared/protocol/encoding.ts';
import { Chat, LOCK_UNES } from './chat.ts';
import { attribute, type Delivered, type Sender } from './sender.ts';
import { type Check, MissedBlock, type Stage } from './stage.ts';

const LOCK = String(LOCK_UNES);

interface Gains {
  readonly user: bigint;
  readonly agent: bigint;
  /** The contract's balance. */
  readonly contract: bigint;
  readonly pool: bigint;
}
const NO_GAINS: Gains = { user: 0n, agent: 0n, contract: 0n, pool: 0n };
const written = (gains: Gains) => Object.fromEntries(Object.entries(gains).map(([who, unes]) => [who, String(unes)]));

/** Sessions to every end, on one contract; first all are challenged, then none. */
export class Play {
  readonly stage: Stage;
  readonly user: Sender;
  readonly checks: Check[] = [];

  constructor(stage: Stage, user: Sender) {
    this.stage = stage;
    this.user = user;
  }

  /** The cheap one, which is named whenever the price is low. */
  get agent(): Sender {
    return this.stage.nodes[0];
  }

  /** What a session is to others: its own keys, named in the transcript. */
  async chat(name: string, digest?: Uint8Array): Promise<Chat> {
    const place = { chainId: this.stage.under.chainId, contract: this.stage.contract };
    const chat = await Chat.with(place, this.stage.under.signer(`session ${name}`), digest);
    this.stage.log.name(toHex(chat.id), `session ${name}`);
    return chat;
  }

  /** Runs it, and fails the play where the chain was too slow for its window. */
  async intime(step: string, from: Sender, msg: object): Promise<Delivered> {
    const tx = await this.stage.run(step, from, msg);
    if (/too late to|takes no proof now/.test(tx.result.log ?? '')) throw new MissedBlock(tx.result.log);
    return tx;
  }

  /** Locked and given to the agent. @returns the session's seed */
  async registered(name: string, chat: Chat): Promise<Uint8Array> {
    const locked = await this.stage.run(`lock ${name}`, this.user, chat.lock(), LOCK);
    const seed = fromHex(attribute(locked, 'wasm-quorate', 'seed'));
    const { proof } = await chat.draw(seed);
    await this.intime(`register ${name}`, this.stage.operator, chat.register(proof));
    return seed;
  }

  /** As far as the agent's submission. */
  async submitted(name: string, chat: Chat): Promise<Uint8Array> {
    const seed = await this.registered(name, chat);
    await this.intime(`submit ${name}`, this.agent, chat.submit());
    return seed;
  }

  async #gains(): Promise<Gains> {
    const { stage, user, agent } = this;
    return {
      user: await stage.balance(user.address),
      agent: await stage.balance(agent.address),
      contract: await stage.balance(stage.contract),
      pool: (await stage.chain.totals()).poolUnes,
    };
  }

  /** Notes what a whole session brought whom. */
  async weighed(what: string, due: Partial<Gains>, work: () => Promise<void>): Promise<void> {
    const before = await this.#gains();
    await work();
    const after = await this.#gains();
    const seen = {
      user: after.user - before.user,
      agent: after.agent - before.agent,
      contract: after.contract - before.contract,
      pool: after.pool - before.pool,
    };
    this.checks.push({ what, seen: written(seen), due: written({ ...NO_GAINS, ...due }) });
  }
}
