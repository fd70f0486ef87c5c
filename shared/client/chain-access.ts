import { SigningCosmWasmClient } from '@cosmjs/cosmwasm';
import type { OfflineDirectSigner } from '@cosmjs/proto-signing';
import { GasPrice, TimeoutError } from '@cosmjs/stargate';
import { Comet38Client, HttpClient } from '@cosmjs/tendermint-rpc';
import { connectChain } from '../chain/comet-chain.ts';
import { BadInputError, QuorateError, TransientError } from '../errors.ts';
import type { Chain } from '../ports/chain.ts';

export interface ChainAccessOptions {
  readonly rpcUrl: string;
  readonly contract: string;
  readonly denom: string;
  /** Such as `0.025unes`. */
  readonly gasPrice: string;
}

/** An execution that is in a block. */
export interface Executed {
  readonly txHash: string;
  readonly height: number;
  /** The contract's own events, as attribute maps. */
  readonly events: readonly Readonly<Record<string, string>>[];
}

/** The chain as the caller's own node shows it: what an API says is checked against this. */
export interface ChainAccess {
  chain(): Promise<Chain>;
  /** @throws {BadInputError} `ask-refused`; {TransientError} `tx-not-included`, `rpc-unavailable` */
  execute(signer: OfflineDirectSigner, msg: Readonly<Record<string, unknown>>, fundsUnes: bigint): Promise<Executed>;
}

/** The gas that a simulation used, with room for what other asks change in between. */
const GAS_MULTIPLIER = 1.6;

const unreachable = (rpcUrl: string, cause: unknown): TransientError =>
  new TransientError('rpc-unavailable', `the chain node at ${rpcUrl} cannot be reached`, {
    next: 'Check the RPC address and that the node runs.',
    cause,
  });

/** What CosmJS throws, as one of our errors. @param code of what the chain itself refused */
export const refused = (cause: unknown, code: string): QuorateError => {
  if (cause instanceof QuorateError) return cause;
  if (cause instanceof TimeoutError) {
    return new TransientError('tx-not-included', `transaction ${cause.txId} was sent and is in no block yet`, {
      next: 'Look for it by its hash before asking again: it may still be included.',
      details: { txHash: cause.txId },
    });
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (/fetch failed|ECONNREFUSED|ENOTFOUND|ECONNRESET/.test(reason)) return unreachable('the given address', cause);
  return new BadInputError(code, `the chain refused the transaction: ${reason.slice(0, 300)}`, {
    next: 'Correct what the message names; no fee was taken.',
    cause,
  });
};

export const chainAccess = ({ rpcUrl, contract, denom, gasPrice }: ChainAccessOptions): ChainAccess => {
  const comet = Comet38Client.create(new HttpClient(rpcUrl, 10_000));
  let connected: Promise<Chain> | undefined;

  const connect = async (): Promise<Chain> => {
    const { nodeInfo } = await comet.status().catch((cause: unknown) => Promise.reject(unreachable(rpcUrl, cause)));
    return connectChain({ rpc: rpcUrl, chainId: nodeInfo.network, contract, denom });
  };
  const chain = async (): Promise<Chain> => {
    connected ??= connect();
    try {
      return await connected;
    } catch (error) {
      connected = undefined;
      throw error;
    }
  };

  return {
    chain,
    execute: async (signer, msg, fundsUnes) => {
      const [account] = await signer.getAccounts();
      if (!account) throw new BadInputError('no-account', 'the signer has no account');
      const client = SigningCosmWasmClient.createWithSigner(comet, signer, {
        gasPrice: GasPrice.fromString(gasPrice),
        broadcastPollIntervalMs: 200,
      });
      try {
        const funds = [{ denom, amount: String(fundsUnes) }];
        const done = await client.execute(account.address, contract, msg, GAS_MULTIPLIER, '', funds);
        const events = done.events
          .filter(({ type }) => type === 'wasm-quorate')
          .map(({ attributes }) => Object.fromEntries(attributes.map(({ key, value }) => [key, value])))
          .filter((attributes) => attributes._contract_address === contract);
        return { txHash: done.transactionHash, height: done.height, events };
      } catch (cause) {
        throw refused(cause, 'ask-refused');
      }
    },
  };
};
