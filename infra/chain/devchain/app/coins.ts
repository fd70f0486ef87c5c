import { sdkErrors } from './errors.ts';

/** An amount of one denomination as decimal digits, as in protobuf and in contract JSON. */
export interface Coin {
  readonly denom: string;
  readonly amount: string;
}

const DENOM = /^[a-zA-Z][a-zA-Z0-9/:._-]{2,127}$/;
const AMOUNT = /^(0|[1-9]\d{0,77})$/;

/** "5uone,7utwo"; empty for no coins (cosmos-sdk types/coin.go Coins.String). */
export function formatCoins(coins: readonly Coin[]): string {
  return coins.map(({ denom, amount }) => `${amount}${denom}`).join(',');
}

/**
 * The rule of Coins.Validate: sorted by denom, none twice, every amount positive; no coins at all are valid. Throws sdk
 * code 10.
 */
export function validateCoins(coins: readonly Coin[]): void {
  let last = '';
  for (const { denom, amount } of coins) {
    if (!DENOM.test(denom) || !AMOUNT.test(amount) || amount === '0' || denom <= last) {
      throw sdkErrors.invalidCoins(formatCoins(coins));
    }
    last = denom;
  }
}

/** Coins as a contract or a careless client lists them: sorted, equal denominations added up, zeros dropped. */
export function normalizeCoins(coins: readonly Coin[]): Coin[] {
  const sums = new Map<string, bigint>();
  for (const { denom, amount } of coins) {
    if (!DENOM.test(denom) || !AMOUNT.test(amount)) throw sdkErrors.invalidCoins(formatCoins(coins));
    sums.set(denom, (sums.get(denom) ?? 0n) + BigInt(amount));
  }
  return [...sums]
    .filter(([, amount]) => amount > 0n)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([denom, amount]) => ({ denom, amount: amount.toString() }));
}
