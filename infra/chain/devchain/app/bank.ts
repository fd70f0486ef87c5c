import { event } from '../comet/abci.ts';
import { concatBytes } from '../state/kv.ts';
import { type AddressCodec, moduleAccountAddress } from '../vm/addresses.ts';
import type { AuthKeeper } from './auth.ts';
import { type Coin, formatCoins, validateCoins } from './coins.ts';
import type { Context } from './context.ts';
import { sdkErrors } from './errors.ts';

const SUPPLY_KEY = Uint8Array.of(0);
const BALANCE_KEY = Uint8Array.of(2);
const utf8 = new TextEncoder();
const text = new TextDecoder();

export const FEE_COLLECTOR: Uint8Array = moduleAccountAddress('fee_collector');

/** The SDK's x/bank: balances, transfers and their events (v0.53 x/bank/keeper/send.go). Amounts in the coin's own unit. */
export class BankKeeper {
  readonly #auth: AuthKeeper;
  readonly #addresses: AddressCodec;

  constructor(auth: AuthKeeper, addresses: AddressCodec) {
    this.#auth = auth;
    this.#addresses = addresses;
  }

  balance(ctx: Context, address: Uint8Array, denom: string): bigint {
    const stored = ctx.store('bank').get(balanceKey(address, denom));
    return stored === undefined ? 0n : BigInt(text.decode(stored));
  }

  /** All balances of an address, sorted by denomination. */
  balances(ctx: Context, address: Uint8Array): Coin[] {
    const store = ctx.store('bank').under(balanceKey(address, ''));
    return [...store.scan(undefined, undefined, 'ascending')].map(([denom, amount]) => ({
      denom: text.decode(denom),
      amount: text.decode(amount),
    }));
  }

  supply(ctx: Context, denom: string): bigint {
    const stored = ctx.store('bank').get(concatBytes(SUPPLY_KEY, utf8.encode(denom)));
    return stored === undefined ? 0n : BigInt(text.decode(stored));
  }

  /** Creates coins out of nothing; only the genesis does this. */
  genesisCoins(ctx: Context, address: Uint8Array, coins: readonly Coin[]): void {
    validateCoins(coins);
    for (const { denom, amount } of coins) {
      this.#setBalance(ctx, address, denom, this.balance(ctx, address, denom) + BigInt(amount));
      this.#setSupply(ctx, denom, this.supply(ctx, denom) + BigInt(amount));
    }
  }

  /** MsgSend and contract funds. Throws sdk codes 4 (blocked), 5 (too little) and 10 (invalid coins). */
  send(ctx: Context, from: Uint8Array, to: Uint8Array, coins: readonly Coin[]): void {
    if (Buffer.compare(to, FEE_COLLECTOR) === 0) {
      throw sdkErrors.unauthorized(`${this.#addresses.toText(to)} is not allowed to receive funds`);
    }
    this.sendToModule(ctx, from, to, coins);
  }

  /** A transfer that may also reach a module account. Same errors as {@link send}, less code 4. */
  sendToModule(ctx: Context, from: Uint8Array, to: Uint8Array, coins: readonly Coin[]): void {
    validateCoins(coins);
    const sender = this.#addresses.toText(from);
    const recipient = this.#addresses.toText(to);
    const amount = formatCoins(coins);
    this.#subtract(ctx, from, coins);
    for (const coin of coins) {
      this.#setBalance(ctx, to, coin.denom, this.balance(ctx, to, coin.denom) + BigInt(coin.amount));
    }
    ctx.events.push(event('coin_received', ['receiver', recipient], ['amount', amount]));
    this.#auth.ensure(ctx, to);
    ctx.events.push(
      event('transfer', ['recipient', recipient], ['sender', sender], ['amount', amount]),
      event('message', ['sender', sender]),
    );
  }

  /** Destroys coins of an account. Throws sdk codes 5 and 10. */
  burn(ctx: Context, from: Uint8Array, coins: readonly Coin[]): void {
    validateCoins(coins);
    this.#subtract(ctx, from, coins);
    for (const { denom, amount } of coins) this.#setSupply(ctx, denom, this.supply(ctx, denom) - BigInt(amount));
    ctx.events.push(event('burn', ['burner', this.#addresses.toText(from)], ['amount', formatCoins(coins)]));
  }

  #subtract(ctx: Context, from: Uint8Array, coins: readonly Coin[]): void {
    for (const { denom, amount } of coins) {
      const balance = this.balance(ctx, from, denom);
      if (balance < BigInt(amount)) {
        throw sdkErrors.insufficientFunds(`spendable balance ${balance}${denom} is smaller than ${amount}${denom}`);
      }
      this.#setBalance(ctx, from, denom, balance - BigInt(amount));
    }
    ctx.events.push(event('coin_spent', ['spender', this.#addresses.toText(from)], ['amount', formatCoins(coins)]));
  }

  #setBalance(ctx: Context, address: Uint8Array, denom: string, amount: bigint): void {
    const key = balanceKey(address, denom);
    if (amount === 0n) ctx.store('bank').remove(key);
    else ctx.store('bank').set(key, utf8.encode(amount.toString()));
  }

  #setSupply(ctx: Context, denom: string, amount: bigint): void {
    ctx.store('bank').set(concatBytes(SUPPLY_KEY, utf8.encode(denom)), utf8.encode(amount.toString()));
  }
}

function balanceKey(address: Uint8Array, denom: string): Uint8Array {
  return concatBytes(BALANCE_KEY, Uint8Array.of(address.length), address, utf8.encode(denom));
}
