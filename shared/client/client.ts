import type { OfflineDirectSigner } from '@cosmjs/proto-signing';
import type { Clock } from '../ports/clock.ts';
import { QueryStatus } from './answers.ts';
import { type Asked, type AskOptions, askWithWallet } from './ask.ts';
import { chainAccess } from './chain-access.ts';
import { apiHttp, type Fetch } from './http.ts';
import { type ClientMoney, checkedMoney } from './money.ts';
import { type VerifiedReceipt, type VerifyOptions, verifyReceipt } from './receipt/verify.ts';
import { type ClientResult, checkedResult } from './result.ts';
import { onceCaughtUp, type WaitOptions, waitUntilFinal } from './wait.ts';

export interface ClientOptions {
  readonly apiUrl: string;
  /** A CometBFT RPC that the caller trusts more than the API. */
  readonly rpcUrl: string;
  readonly contract: string;
  readonly denom: string;
  /** Such as `0.025unes`. */
  readonly gasPrice: string;
  /** Pays for asks; whoever only reads needs none. */
  readonly signer?: OfflineDirectSigner;
  readonly clock: Clock;
  /** Of a tenant of the deployment; sent with each request to its API, and to nobody else. */
  readonly apiKey?: string;
  readonly fetch?: Fetch;
}

export interface Client {
  /** Uploads the input, then asks on chain with the caller's own wallet; resolves when the ask is in a block. */
  ask(input: Uint8Array, options?: AskOptions): Promise<Asked>;
  status(queryId: number): Promise<QueryStatus>;
  wait(queryId: number, options?: WaitOptions): Promise<QueryStatus>;
  /** The answer, digested again and compared with the digest that the contract itself holds. */
  result(queryId: number): Promise<ClientResult>;
  /**
   * Where the fee, the bonds and the gas went: entries that add up to zero, compared with the contract's own state. Waits up to a minute
   * for a deployment that is still catching up with the chain, as {@link Client.receipt} does.
   */
  money(queryId: number): Promise<ClientMoney>;
  /** The receipt file, for {@link Client.verify} or whoever doubts. */
  receipt(queryId: number): Promise<Uint8Array>;
  /** Offline: needs neither API nor chain. */
  verify(receipt: Uint8Array, options?: VerifyOptions): VerifiedReceipt;
}

/** A client of one deployment. Connects when it is first used; every method throws typed errors of shared/errors.ts. */
export const createClient = (options: ClientOptions): Client => {
  const api = apiHttp(options.apiUrl, options.fetch ?? globalThis.fetch, options.apiKey);
  const access = chainAccess(options);
  const { clock } = options;

  const status = (queryId: number): Promise<QueryStatus> => api.json(`/v1/queries/${queryId}`, QueryStatus);

  return {
    ask: (input, ask = {}) => askWithWallet({ api, access, signer: options.signer }, input, ask),
    status,
    wait: (queryId, wait = {}) => waitUntilFinal(() => status(queryId), clock, wait),
    result: (queryId) => checkedResult(api, access.chain, queryId),
    money: (queryId) => onceCaughtUp(() => checkedMoney(api, access.chain, queryId), clock),
    receipt: async (queryId) => {
      const { bytes } = await onceCaughtUp(() => api.bytes(`/v1/queries/${queryId}/receipt`), clock);
      return bytes;
    },
    verify: verifyReceipt,
  };
};
