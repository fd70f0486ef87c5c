import { BadInputError } from '../../../../shared/errors.ts';
import type { Coin } from './coins.ts';

/** The least a node asks per unit of gas: `numerator / 10^decimals` of `denom`. */
export interface MinGasPrice {
  readonly denom: string;
  readonly numerator: bigint;
  readonly decimals: number;
}

/** Parses a decimal price such as "0.025" for `denom`. Throws BadInputError for anything but a non-negative decimal. */
export function parseMinGasPrice(price: string, denom: string): MinGasPrice {
  const match = /^(\d+)(?:\.(\d{1,18}))?$/.exec(price);
  if (match === null) throw new BadInputError('bad-gas-price', `gas price must be a decimal number, got ${price}`);
  const fraction = match[2] ?? '';
  return { denom, numerator: BigInt(`${match[1]}${fraction}`), decimals: fraction.length };
}

/** ceil(price * gasLimit), as x/auth's checkTxFeeWithValidatorMinGasPrices. */
export function requiredFee(price: MinGasPrice, gasLimit: bigint): Coin {
  const scale = 10n ** BigInt(price.decimals);
  const amount = (price.numerator * gasLimit + scale - 1n) / scale;
  return { denom: price.denom, amount: amount.toString() };
}
