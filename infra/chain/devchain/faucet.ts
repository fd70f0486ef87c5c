import type { OfflineDirectSigner } from '@cosmjs/proto-signing';
import { SigningStargateClient } from '@cosmjs/stargate';
import type { CometClient } from '@cosmjs/tendermint-rpc';
import { BadInputError, TransientError } from '../../../shared/errors.ts';
import { parseMinGasPrice, requiredFee } from './app/gas-price.ts';
import { addressCodec } from './vm/addresses.ts';

/** Gas units of a MsgSend, with room: on this chain about 45 000, on wasmd about 85 000. */
const SEND_GAS = 150_000;

export interface FaucetOptions {
  /** Holds the key of a funded account; its first account pays. */
  readonly signer: OfflineDirectSigner;
  readonly comet: CometClient;
  readonly denom: string;
  /** Decimal price per unit of gas in `denom`, such as "0.025". */
  readonly gasPrice: string;
  readonly bech32Prefix?: string;
  /** The most one request may ask for, in `denom`. */
  readonly maxAmountPerRequest: bigint;
  /** How often CosmJS asks whether a payment is included, in milliseconds. */
  readonly pollIntervalMs?: number;
}

/** Gives away coins of an ordinary account; it can create none. */
export interface Faucet {
  readonly address: string;
  /**
   * Sends `amount` of the faucet's denomination to `to` and resolves when the payment is in a block. Rejects with BadInputError
   * 'faucet-limit' or 'faucet-address' (nothing was sent) and TransientError 'faucet-failed' (the chain refused it).
   */
  give(to: string, amount: bigint): Promise<{ readonly transactionHash: string; readonly height: number }>;
}

/** A faucet on a funded account. Requests are served one after the other, because they share the account's sequence. */
export async function openFaucet(options: FaucetOptions): Promise<Faucet> {
  const { denom, maxAmountPerRequest } = options;
  const [account] = await options.signer.getAccounts();
  if (account === undefined) throw new BadInputError('faucet-signer', 'the faucet signer has no account');
  const client = await SigningStargateClient.createWithSigner(options.comet, options.signer, {
    broadcastPollIntervalMs: options.pollIntervalMs ?? 100,
  });
  const addresses = addressCodec(options.bech32Prefix ?? 'wasm');
  const fee = {
    gas: String(SEND_GAS),
    amount: [requiredFee(parseMinGasPrice(options.gasPrice, denom), BigInt(SEND_GAS))],
  };
  let last: Promise<unknown> = Promise.resolve();

  const send = async (to: string, amount: bigint) => {
    const result = await client.sendTokens(account.address, to, [{ denom, amount: amount.toString() }], fee);
    if (result.code !== 0) throw new TransientError('faucet-failed', `payment failed with code ${result.code}`);
    return { transactionHash: result.transactionHash, height: result.height };
  };
  return {
    address: account.address,
    give: async (to, amount) => {
      if (amount <= 0n || amount > maxAmountPerRequest) {
        const details = { amount: amount.toString(), maxAmountPerRequest: maxAmountPerRequest.toString() };
        throw new BadInputError('faucet-limit', `amount must be 1..${maxAmountPerRequest} ${denom}, got ${amount}`, {
          details,
        });
      }
      try {
        addresses.toBytes(to);
      } catch (cause) {
        throw new BadInputError('faucet-address', `not an address of this chain: ${to}`, { cause });
      }
      const turn = last.then(() => send(to, amount));
      last = turn.catch(() => undefined);
      try {
        return await turn;
      } catch (cause) {
        if (cause instanceof TransientError) throw cause;
        throw new TransientError('faucet-failed', 'the chain did not take the payment', { cause });
      }
    },
  };
}
