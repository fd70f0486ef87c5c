import { bigEndian, frame, hashFrame, type U64, u32, u64, utf8 } from './encoding.ts';

/** The pure rules of sessions (docs/protocol.md section 9): what user, agent and contract compute alike. */

const PPM = 1_000_000n;
const asWide = (value: U64): bigint => BigInt(value);

export interface SessionPlace {
  readonly chainId: string;
  readonly contract: string;
  /** Compressed secp256k1 public key, 33 bytes. */
  readonly sessionId: Uint8Array;
}

export interface SessionLock {
  readonly moduleSeed: Uint8Array;
  readonly height: U64;
  readonly timeNs: bigint;
}

export const sessionSeed = (place: SessionPlace, lock: SessionLock): Uint8Array =>
  hashFrame('quorate/session/v1', [
    utf8(place.chainId),
    utf8(place.contract),
    lock.moduleSeed,
    place.sessionId,
    u64(lock.height),
    u64(lock.timeNs),
  ]);

/** VRF input of the user's proof that names the agent. */
export const sessionDrawAlpha = (seed: Uint8Array): Uint8Array => hashFrame('quorate/session-draw/v1', [seed]);

export interface SessionRequest {
  /** 0 for the first request, then one more for each. */
  readonly sequence: number;
  readonly inputHash: Uint8Array;
  /** The most input and output tokens that the whole session may count, this request included. */
  readonly inputLimit: U64;
  readonly outputLimit: U64;
}

/** What the session key signs (ECDSA over this hash, `r || s`). */
export const requestHash = (place: SessionPlace, request: SessionRequest): Uint8Array =>
  hashFrame('quorate/session-request/v1', [
    utf8(place.chainId),
    utf8(place.contract),
    place.sessionId,
    u32(request.sequence),
    request.inputHash,
    u64(request.inputLimit),
    u64(request.outputLimit),
  ]);

export interface SessionAnswer {
  /** Of the request that it answers. */
  readonly requestHash: Uint8Array;
  /** Result digest (section 1). */
  readonly digest: Uint8Array;
  readonly inputTokens: U64;
  readonly outputTokens: U64;
}

/** The leaf of an answer; answers stand in the tree in the order of their requests. */
export const answerLeaf = (answer: SessionAnswer): Uint8Array =>
  frame('quorate/session-answer/v1', [
    answer.requestHash,
    answer.digest,
    u64(answer.inputTokens),
    u64(answer.outputTokens),
  ]);

export interface SessionSubmission {
  readonly inputTokens: U64;
  readonly outputTokens: U64;
  readonly answers: number;
  readonly answersRoot: Uint8Array;
}

export const submissionHash = (sessionId: Uint8Array, submission: SessionSubmission): Uint8Array =>
  hashFrame('quorate/session-submission/v1', [
    sessionId,
    u64(submission.inputTokens),
    u64(submission.outputTokens),
    u32(submission.answers),
    submission.answersRoot,
  ]);

/** VRF input of the user's proof that decides on a challenge. */
export const challengeAlpha = (seed: Uint8Array, submission: Uint8Array): Uint8Array =>
  hashFrame('quorate/session-challenge/v1', [seed, submission]);

/**
 * What decides on a challenge when the user gave no proof in time.
 * @param moduleSeed as it stood at the end of the submission's last height
 * @param block of the settlement, if that seed was the same when the submission's block ended; else zeros
 */
export const publicLot = (
  seed: Uint8Array,
  submission: Uint8Array,
  moduleSeed: Uint8Array,
  block: { readonly height: U64; readonly timeNs: bigint },
): Uint8Array =>
  hashFrame('quorate/session-lot/v1', [seed, submission, moduleSeed, u64(block.height), u64(block.timeNs)]);

export interface SessionPrices {
  /** In unes for 1,000,000 tokens. */
  readonly inputUnes: bigint;
  readonly outputUnes: bigint;
}

/** `floor((in * price_in + out * price_out) / 10^6)`, never above the lock; in unes. */
export const sessionPayment = (
  tokens: { readonly inputTokens: U64; readonly outputTokens: U64 },
  prices: SessionPrices,
  lockUnes: bigint,
): bigint => {
  const due = (asWide(tokens.inputTokens) * prices.inputUnes + asWide(tokens.outputTokens) * prices.outputUnes) / PPM;
  return due < lockUnes ? due : lockUnes;
};

/** What a payment leaves in the pool: the expected cost of a challenge, rounded up; never more than the payment. */
export const challengePremium = (challengePpm: number, challengeFeeUnes: bigint): bigint =>
  (BigInt(challengePpm) * challengeFeeUnes + PPM - 1n) / PPM;

/** @param lot the user's VRF output, or the public lot: `u64be(lot[0..8]) / 2^64 < challengePpm / 10^6` */
export const isChallenged = (lot: Uint8Array, challengePpm: number): boolean =>
  bigEndian(lot.subarray(0, 8)) * PPM < BigInt(challengePpm) << 64n;

/** The sequence number of the answer that must be opened. */
export const chosenAnswer = (lot: Uint8Array, answers: number): number =>
  Number((bigEndian(lot.subarray(8, 16)) * BigInt(answers)) >> 64n);

/**
 * The place of the agent that a user's VRF output names; undefined where no weight is.
 * @param weights of the eligible agents in the byte order of their addresses, when the block of the lock began
 */
export const namedAgent = (beta: Uint8Array, weights: readonly bigint[]): number | undefined => {
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  const point = (bigEndian(beta.subarray(0, 16)) * total) >> 128n;
  let end = 0n;
  const place = weights.findIndex((weight) => {
    end += weight;
    return point < end;
  });
  return place < 0 ? undefined : place;
};
