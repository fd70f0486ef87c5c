import { BadInputError, TransientError } from '../../shared/errors.ts';
import { fromBase64, hashFrame, toHex, utf8 } from '../../shared/protocol/encoding.ts';
import { sha256 } from '../../shared/protocol/sha2.ts';
import type { ModelState } from '../../shared/protocol/state.ts';
import type { ApiDeps } from './deps.ts';

/** What a caller asks for, as sent: absent fields mean the deployment's defaults. */
export interface AskRequest {
  readonly model?: string | undefined;
  readonly input: { readonly hash: string } | { readonly base64: string };
  readonly seats?: number | undefined;
  readonly feeUnes?: string | undefined;
  readonly maxUnits?: number | undefined;
}

/** Bytes sent inside the request, or the hash of bytes sent before. @throws {BadInputError} `malformed-base64` */
export const inputOf = (request: AskRequest): { hash: string; bytes: Uint8Array | undefined } => {
  if ('hash' in request.input) return { hash: request.input.hash, bytes: undefined };
  try {
    const bytes = fromBase64(request.input.base64);
    return { hash: toHex(sha256(bytes)), bytes };
  } catch {
    throw new BadInputError('malformed-base64', 'input.base64 is not canonical base64 with padding', {
      next: 'Encode the bytes again (RFC 4648 section 4), or send them with POST /v1/inputs.',
    });
  }
};

/**
 * Hash of the request as the caller made it, before defaults: a retry under the same key is the same request even when a
 * price or a default has changed since.
 */
export const requestHash = (request: AskRequest, inputHash: string): string => {
  const { model, seats, feeUnes, maxUnits } = request;
  const fields = [model, inputHash, seats, feeUnes, maxUnits].map((value) => utf8(String(value ?? '')));
  return toHex(hashFrame('quorate/ask-request/v1', fields));
};

/** @throws {BadInputError} `seats-out-of-range` */
export const seatsOf = ({ config }: ApiDeps, request: AskRequest): number => {
  const seats = request.seats ?? config.defaultSeats;
  if (seats >= 1 && seats <= config.maxSeats) return seats;
  throw new BadInputError('seats-out-of-range', `${seats} seats asked for; 1 to ${config.maxSeats} are allowed`, {
    next: 'Ask for a number of seats in this range.',
    details: { received: seats, min: 1, max: config.maxSeats },
  });
};

/** The fee offered, or else the least. @throws {BadInputError} `short-fee` */
export const feeOf = (request: AskRequest, model: ModelState, seats: number): bigint => {
  const required = model.priceUnes * BigInt(seats);
  const offered = request.feeUnes === undefined ? required : BigInt(request.feeUnes);
  if (offered >= required) return offered;
  throw new BadInputError('short-fee', `a fee of ${offered} unes; ${seats} seats cost at least ${required} unes`, {
    next: 'Offer at least the required fee, ask for fewer seats, or leave the fee out.',
    details: { receivedUnes: String(offered), requiredUnes: String(required), priceUnes: String(model.priceUnes) },
  });
};

export const custodialAsksOff = (): BadInputError =>
  new BadInputError('custodial-asks-off', 'this deployment asks for nobody at its own cost', {
    next: "Ask with a wallet of your own: 'quorate ask FILE', or client.ask() of the SDK.",
  });

/** @returns the account that pays @throws {BadInputError} `custodial-asks-off`; {TransientError} `ask-account-empty` */
export const payerOf = async ({ askSigner, chain }: ApiDeps, feeUnes: bigint): Promise<string> => {
  if (askSigner === undefined) throw custodialAsksOff();
  if ((await chain.balanceUnes(askSigner)) >= feeUnes) return askSigner;
  throw new TransientError('ask-account-empty', `the account that pays for asks here holds less than ${feeUnes} unes`, {
    next: "Try later, offer less, or ask with a wallet of your own: 'quorate ask FILE'.",
    details: { requiredUnes: String(feeUnes) },
  });
};
