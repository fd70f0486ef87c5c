import type { NodeSigner } from '../../shared/ports/signer.ts';
import { fromHex, toBase64 } from '../../shared/protocol/encoding.ts';
import { merklePath, merkleRoot } from '../../shared/protocol/merkle.ts';
import * as session from '../../shared/protocol/session.ts';
import { sha256 } from '../../shared/protocol/sha2.ts';
import { ANSWER, INPUT, MODEL } from './stage.ts';

/** Of each answer. */
const TOKENS = { inputTokens: 750n, outputTokens: 1_750n };
const ANSWERS = 2;
const PRICES = { inputUnes: 2_000_000n, outputUnes: 3_000_000n };
/** For which any of the announced nodes would work. */
export const DEAR = { inputUnes: 4_000_000n, outputUnes: 6_000_000n };
export const LOCK_UNES = 100_000n;

const pricesIn = (prices: session.SessionPrices) => ({
  price_in: String(prices.inputUnes),
  price_out: String(prices.outputUnes),
});

export const announceMessage = (url: string, prices: session.SessionPrices = PRICES): object => ({
  announce: { service: { url, ...pricesIn(prices) } },
});

interface Asked extends session.SessionRequest {
  readonly hash: Uint8Array;
  readonly signature: Uint8Array;
  readonly leaf: Uint8Array;
}

/** Both sides of one session: the key that signs requests, and the answers that an agent keeps. The same question twice. */
export class Chat {
  readonly id: Uint8Array;
  readonly key: NodeSigner;
  readonly asked: readonly Asked[];
  readonly submission: session.SessionSubmission;

  readonly #digest: Uint8Array;

  private constructor(key: NodeSigner, asked: readonly Asked[], digest: Uint8Array) {
    this.key = key;
    this.#digest = digest;
    this.id = key.publicKey;
    this.asked = asked;
    this.submission = {
      inputTokens: TOKENS.inputTokens * BigInt(ANSWERS),
      outputTokens: TOKENS.outputTokens * BigInt(ANSWERS),
      answers: ANSWERS,
      answersRoot: merkleRoot(asked.map(({ leaf }) => leaf)),
    };
  }

  /** @param digest of each answer, as the agent has it */
  static async with(
    place: { readonly chainId: string; readonly contract: string },
    key: NodeSigner,
    digest: Uint8Array = ANSWER,
  ): Promise<Chat> {
    const at = { ...place, sessionId: key.publicKey };
    const inputHash = sha256(INPUT);
    const asked: Asked[] = [];
    for (let sequence = 0; sequence < ANSWERS; sequence++) {
      const soFar = BigInt(sequence + 1);
      const limits = { inputLimit: TOKENS.inputTokens * soFar, outputLimit: TOKENS.outputTokens * soFar };
      const request = { sequence, inputHash, ...limits };
      const hash = session.requestHash(at, request);
      const leaf = session.answerLeaf({ requestHash: hash, digest, ...TOKENS });
      asked.push({ ...request, hash, leaf, signature: await key.signDigest(hash) });
    }
    return new Chat(key, asked, digest);
  }

  lock(prices: session.SessionPrices = PRICES): { lock_session: Readonly<Record<string, unknown>> } {
    return {
      lock_session: {
        session_pubkey: toBase64(this.id),
        vrf_pubkey: toBase64(this.key.vrfPublicKey),
        model: toBase64(fromHex(MODEL)),
        ...pricesIn(prices),
      },
    };
  }

  register(proof: Uint8Array): object {
    return { register_session: { session_id: toBase64(this.id), proof: toBase64(proof) } };
  }

  submit(changes: object = {}, signature: Uint8Array | undefined = this.asked.at(-1)?.signature): object {
    const { inputTokens, outputTokens, answers, answersRoot } = this.submission;
    return {
      submit_session: {
        session_id: toBase64(this.id),
        input_tokens: String(inputTokens),
        output_tokens: String(outputTokens),
        answers,
        answers_root: toBase64(answersRoot),
        last_request: this.#request(ANSWERS - 1, signature),
        ...changes,
      },
    };
  }

  settle(proof?: Uint8Array): object {
    return { settle_session: { session_id: toBase64(this.id), proof: proof ? toBase64(proof) : null } };
  }

  /** @param sequence of the answer */
  open(sequence: number, changes: object = {}): object {
    const path = merklePath(
      this.asked.map(({ leaf }) => leaf),
      sequence,
    );
    return {
      open_answer: {
        session_id: toBase64(this.id),
        request: this.#request(sequence),
        input: { inline: toBase64(INPUT) },
        digest: toBase64(this.#digest),
        input_tokens: String(TOKENS.inputTokens),
        output_tokens: String(TOKENS.outputTokens),
        path: path.map(toBase64),
        ...changes,
      },
    };
  }

  #request(sequence: number, signature = this.asked[sequence]?.signature): object {
    const request = this.asked[sequence] as Asked;
    return {
      input_hash: toBase64(request.inputHash),
      input_limit: String(request.inputLimit),
      output_limit: String(request.outputLimit),
      signature: toBase64(signature ?? new Uint8Array(64)),
    };
  }

  /** The user's proofs, over the seed that the lock got. */
  async draw(seed: Uint8Array): Promise<{ readonly proof: Uint8Array; readonly beta: Uint8Array }> {
    return await this.key.prove(session.sessionDrawAlpha(seed));
  }

  async challenge(seed: Uint8Array): Promise<{ readonly proof: Uint8Array; readonly beta: Uint8Array }> {
    return await this.key.prove(session.challengeAlpha(seed, session.submissionHash(this.id, this.submission)));
  }

  /** What the user owes and what of it stays in the pool, in unes. */
  due(challengePpm: number, challengeFeeUnes: bigint): { readonly payment: bigint; readonly premium: bigint } {
    const payment = session.sessionPayment(this.submission, PRICES, LOCK_UNES);
    // Below the payment of these tokens, which would else be its bound.
    return { payment, premium: session.challengePremium(challengePpm, challengeFeeUnes) };
  }
}
