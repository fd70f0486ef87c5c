import { BadInputError } from '../../errors.ts';

/** A gas price such as '0.025unes' as a fraction. @throws {BadInputError} `bad-gas-price` */
export const parseGasPrice = (price: string): { readonly numerator: bigint; readonly denominator: bigint } => {
  const match = /^(\d+)(?:\.(\d{1,18}))?[a-zA-Z][\w/:.-]*$/.exec(price);
  if (!match) {
    throw new BadInputError(
      'bad-gas-price',
      `gas price is '${price}', expected a decimal and a denomination: 0.025unes`,
    );
  }
  const fraction = match[2] ?? '';
  return { numerator: BigInt(`${match[1]}${fraction}`), denominator: 10n ** BigInt(fraction.length) };
};

export interface Urgency {
  /** Doublings that the chain asked for (code 13). */
  readonly bump: number;
  /** Batches of the same intents that died unseen: each adds a half. */
  readonly signatures: number;
  /** Blocks until the nearest deadline. */
  readonly blocksLeft: number;
  /** From this many blocks before the deadline on the price rises, in a straight line, to twice. */
  readonly urgentBlocks: number;
}

/** Factor on the gas price in thousandths, from 1000 to `max`. */
export const priceFactor = ({ bump, signatures, blocksLeft, urgentBlocks }: Urgency, max: number): number => {
  const late = Math.min(1, Math.max(0, 1 - blocksLeft / urgentBlocks));
  return Math.min(max, Math.round(1_000 * 2 ** bump * 1.5 ** signatures * (1 + late)));
};

/** ceil(price x factor x gas) in the smallest unit, as x/auth rounds (checkTxFeeWithValidatorMinGasPrices). */
export const feeOf = (price: string, factorPermille: number, gasLimit: number): string => {
  const { numerator, denominator } = parseGasPrice(price);
  const scale = denominator * 1_000n;
  return String((numerator * BigInt(factorPermille) * BigInt(gasLimit) + scale - 1n) / scale);
};

export interface GasTerms {
  /** Headroom on what a simulation used. */
  readonly gasAdjustment: number;
  /** Least gas asked for: a simulation pays no fee, whose transfer is not in its figure. */
  readonly minGas: number;
}

/** Gas limit for what a simulation used; half as much again for each time that it was not enough. */
export const gasLimitOf = (gasUsed: number, outOfGas: number, { gasAdjustment, minGas }: GasTerms): number =>
  Math.ceil(Math.max(minGas, gasUsed * gasAdjustment) * 1.5 ** outOfGas);

/**
 * Whole parts of `total` in proportion to the weights, which add up to it: bytes of a batch, by the messages' own sizes. Gas and fee are
 * shared in equal parts (protocol/money.ts `shareOf`), as the ledger shares them.
 */
export const shares = (total: number, weights: readonly number[]): number[] => {
  const sum = weights.reduce((a, b) => a + b, 0);
  let before = 0;
  let weight = 0;
  return weights.map((own) => {
    weight += own;
    const until = Math.floor((total * weight) / sum);
    const part = until - before;
    before = until;
    return part;
  });
};
