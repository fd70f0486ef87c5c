import { BadInputError, InvariantError } from '../../../../shared/errors.ts';

/**
 * An error with an ABCI code: how the SDK's and wasmd's registered errors end in a transaction's result. Wrapping puts a
 * description in front, as cosmossdk.io/errors does: "what was done: why".
 */
export class AbciError extends BadInputError {
  readonly codespace: string;
  readonly abciCode: number;
  /** True for errors that a chain may show to a contract in full; others are redacted to their code (wasmd #759). */
  readonly deterministic: boolean;

  constructor(codespace: string, abciCode: number, message: string, deterministic = false) {
    super(`abci-${codespace}-${abciCode}`, message);
    this.codespace = codespace;
    this.abciCode = abciCode;
    this.deterministic = deterministic;
  }

  /** The same error with a description in front; no longer marked deterministic, as in wasmd. */
  wrap(description: string): AbciError {
    return new AbciError(this.codespace, this.abciCode, `${description}: ${this.message}`);
  }

  /** This error as the description of another one. */
  wrapAs(outer: AbciError): AbciError {
    return new AbciError(outer.codespace, outer.abciCode, `${this.message}: ${outer.message}`);
  }
}

/** The transaction's gas limit is used up: ends the whole transaction, no contract can catch it. */
export class OutOfGasError extends AbciError {
  constructor(location: string, gasWanted: number, gasUsed: number) {
    super('sdk', 11, `out of gas in location: ${location}; gasWanted: ${gasWanted}, gasUsed: ${gasUsed}: out of gas`);
  }
}

/** A query refused with a gRPC status that no registered error stands for; reaches the client as sdk code 18. */
export class GrpcStatusError extends BadInputError {
  constructor(status: 'InvalidArgument', description: string) {
    super('grpc-status', `rpc error: code = ${status} desc = ${description}`);
  }
}

type Registered = (description?: string) => AbciError;

function register(codespace: string, code: number, text: string): Registered {
  return (description) => new AbciError(codespace, code, description === undefined ? text : `${description}: ${text}`);
}

/** cosmos-sdk v0.53 types/errors/errors.go. */
export const sdkErrors = {
  txDecode: register('sdk', 2, 'tx parse error'),
  unauthorized: register('sdk', 4, 'unauthorized'),
  insufficientFunds: register('sdk', 5, 'insufficient funds'),
  unknownRequest: register('sdk', 6, 'unknown request'),
  invalidAddress: register('sdk', 7, 'invalid address'),
  invalidPubKey: register('sdk', 8, 'invalid pubkey'),
  unknownAddress: register('sdk', 9, 'unknown address'),
  invalidCoins: register('sdk', 10, 'invalid coins'),
  memoTooLarge: register('sdk', 12, 'memo too large'),
  insufficientFee: register('sdk', 13, 'insufficient fee'),
  noSignatures: register('sdk', 15, 'no signatures supplied'),
  invalidRequest: register('sdk', 18, 'invalid request'),
  keyNotFound: register('sdk', 22, 'key not found'),
  invalidType: register('sdk', 29, 'invalid type'),
  txTimeoutHeight: register('sdk', 30, 'tx timeout height'),
  unknownExtensionOptions: register('sdk', 31, 'unknown extension options'),
  wrongSequence: register('sdk', 32, 'incorrect account sequence'),
  notSupported: register('sdk', 37, 'feature not supported'),
  notFound: register('sdk', 38, 'not found'),
  invalidGasLimit: register('sdk', 41, 'invalid gas limit'),
  txTimeout: register('sdk', 42, 'tx timeout'),
  /** cosmossdk.io/errors ErrPanic. */
  panic: register('undefined', 111_222, 'panic'),
};

/** cosmos-sdk v0.53 x/authz/errors.go. */
export const authzErrors = {
  notFound: register('authz', 2, 'authorization not found'),
  invalidExpiration: register('authz', 3, 'expiration time of authorization should be more than current time'),
  unknownType: register('authz', 4, 'unknown authorization type'),
  expired: register('authz', 6, 'authorization expired'),
  granteeIsGranter: register('authz', 7, 'grantee and granter should be different'),
};

/** cosmossdk.io/x/feegrant v0.2.0 errors.go. */
export const feegrantErrors = {
  exceeded: register('feegrant', 2, 'fee limit exceeded'),
  expired: register('feegrant', 3, 'fee allowance expired'),
};

/** wasmd v0.61 x/wasm/types/errors.go. */
export const wasmErrors = {
  createFailed: register('wasm', 2, 'create wasm contract failed'),
  accountExists: register('wasm', 3, 'contract account already exists'),
  instantiateFailed: register('wasm', 4, 'instantiate wasm contract failed'),
  executeFailed: register('wasm', 5, 'execute wasm contract failed'),
  queryFailed: register('wasm', 9, 'query wasm contract failed'),
  invalidMsg: register('wasm', 10, 'invalid CosmosMsg from the contract'),
  migrationFailed: register('wasm', 11, 'migrate wasm contract failed'),
  empty: register('wasm', 12, 'empty'),
  limit: register('wasm', 13, 'exceeds limit'),
  invalid: register('wasm', 14, 'invalid'),
  unknownMsg: register('wasm', 20, 'unknown message from the contract'),
  invalidEvent: register('wasm', 21, 'invalid event'),
  noSuchContract: register('wasm', 22, 'no such contract'),
  exceedMaxQueryStackSize: register('wasm', 27, 'max query stack size exceeded'),
  noSuchCode: register('wasm', 28, 'no such code'),
  vmError: register('wasm', 29, 'wasmvm error'),
  exceedMaxCallDepth: register('wasm', 30, 'max call depth exceeded'),
};

/** A contract's own error under the registered error, readable by a calling contract. */
export function contractFailure(kind: Registered, reason: string): AbciError {
  const error = kind(reason);
  return new AbciError(error.codespace, error.abciCode, error.message, true);
}

/**
 * Any thrown value as an AbciError; what is neither ours nor expected becomes sdk code 111222 "panic", as in baseapp. A failing
 * database is no transaction's fault: throws InvariantError, and the block is not made.
 */
export function toAbciError(error: unknown): AbciError {
  if (error instanceof AbciError) return error;
  if (error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR') {
    throw new InvariantError('state-unreadable', 'the chain state could not be read', { cause: error });
  }
  if (error instanceof BadInputError && error.code === 'bad-address') return sdkErrors.invalidAddress(error.message);
  const reason = error instanceof Error ? error.message : String(error);
  return sdkErrors.panic(`recovered: ${reason}`);
}

/** Runs `work`; an AbciError from it gets `description` in front. Out of gas passes unchanged, as the SDK's panic does. */
export function wrapped<T>(description: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof AbciError && !(error instanceof OutOfGasError) ? error.wrap(description) : error;
  }
}
