import { BasicAllowance, Grant } from 'cosmjs-types/cosmos/feegrant/v1beta1/feegrant';
import type { Any } from 'cosmjs-types/google/protobuf/any';
import { event } from '../comet/abci.ts';
import { msFromTimestamp } from '../comet/header.ts';
import { concatBytes } from '../state/kv.ts';
import type { AddressCodec } from '../vm/addresses.ts';
import type { AuthKeeper } from './auth.ts';
import { type Coin, validateCoins } from './coins.ts';
import type { Context } from './context.ts';
import { feegrantErrors, sdkErrors } from './errors.ts';

const ALLOWANCE_KEY = Uint8Array.of(0);

/** The SDK's x/feegrant (v0.2.0 keeper/keeper.go) with basic allowances: one account pays the fees of another. */
export class FeegrantKeeper {
  readonly #auth: AuthKeeper;
  readonly #addresses: AddressCodec;

  constructor(auth: AuthKeeper, addresses: AddressCodec) {
    this.#auth = auth;
    this.#addresses = addresses;
  }

  /** Throws sdk code 18 when there is an allowance already, or one that has expired is given. */
  grant(ctx: Context, granter: Uint8Array, grantee: Uint8Array, allowance: Any | undefined): void {
    if (Buffer.compare(granter, grantee) === 0) {
      throw sdkErrors.invalidAddress('cannot self-grant fee authorization');
    }
    const basic = basicAllowance(allowance);
    const { spendLimit, expiration } = basic;
    validateCoins(spendLimit);
    const key = allowanceKey(granter, grantee);
    if (ctx.store('feegrant').get(key) !== undefined) throw sdkErrors.invalidRequest('fee allowance already exists');
    if (expiration && msFromTimestamp(expiration) < ctx.block.timeMs) {
      throw sdkErrors.invalidRequest('expiration is before current block time');
    }
    this.#auth.ensure(ctx, grantee);
    this.#save(ctx, granter, grantee, basic);
    this.#emit(ctx, 'set_feegrant', granter, grantee);
  }

  revoke(ctx: Context, granter: Uint8Array, grantee: Uint8Array): void {
    this.#load(ctx, granter, grantee);
    this.#remove(ctx, granter, grantee);
  }

  /** Uses the allowance for one transaction's fee. Throws sdk code 38, feegrant codes 2 and 3. */
  use(ctx: Context, granter: Uint8Array, grantee: Uint8Array, fee: readonly Coin[]): void {
    const allowance = this.#load(ctx, granter, grantee);
    const { expiration, spendLimit } = allowance;
    if (expiration && msFromTimestamp(expiration) < ctx.block.timeMs) {
      this.#remove(ctx, granter, grantee);
      throw feegrantErrors.expired('basic allowance');
    }
    const left = spendLimit.length === 0 ? undefined : subtract(spendLimit, fee);
    if (left?.length === 0) {
      this.#remove(ctx, granter, grantee);
      this.#emit(ctx, 'use_feegrant', granter, grantee);
      return;
    }
    this.#emit(ctx, 'use_feegrant', granter, grantee);
    this.#save(ctx, granter, grantee, { ...allowance, spendLimit: left ?? [] });
    this.#emit(ctx, 'update_feegrant', granter, grantee);
  }

  #load(ctx: Context, granter: Uint8Array, grantee: Uint8Array): BasicAllowance {
    const stored = ctx.store('feegrant').get(allowanceKey(granter, grantee));
    if (stored === undefined) throw sdkErrors.notFound('fee-grant not found');
    return basicAllowance(Grant.decode(stored).allowance);
  }

  #save(ctx: Context, granter: Uint8Array, grantee: Uint8Array, allowance: BasicAllowance): void {
    const grant = Grant.encode({
      granter: this.#addresses.toText(granter),
      grantee: this.#addresses.toText(grantee),
      allowance: { typeUrl: BasicAllowance.typeUrl, value: BasicAllowance.encode(allowance).finish() },
    }).finish();
    ctx.store('feegrant').set(allowanceKey(granter, grantee), grant);
  }

  #remove(ctx: Context, granter: Uint8Array, grantee: Uint8Array): void {
    ctx.store('feegrant').remove(allowanceKey(granter, grantee));
    this.#emit(ctx, 'revoke_feegrant', granter, grantee);
  }

  #emit(ctx: Context, type: string, granter: Uint8Array, grantee: Uint8Array): void {
    const { toText } = this.#addresses;
    ctx.events.push(event(type, ['granter', toText(granter)], ['grantee', toText(grantee)]));
  }
}

function basicAllowance(allowance: Any | undefined): BasicAllowance {
  if (allowance?.typeUrl !== BasicAllowance.typeUrl) {
    throw sdkErrors.invalidType(
      `this chain has ${BasicAllowance.typeUrl} only, got ${allowance?.typeUrl ?? 'nothing'}`,
    );
  }
  return BasicAllowance.decode(allowance.value);
}

/** What is left of a limit; empty when it is used up. Throws feegrant code 2 when the fee is above it. */
function subtract(limit: readonly Coin[], fee: readonly Coin[]): Coin[] {
  const left = new Map(limit.map(({ denom, amount }) => [denom, BigInt(amount)]));
  for (const { denom, amount } of fee) {
    const rest = (left.get(denom) ?? 0n) - BigInt(amount);
    if (rest < 0n) throw feegrantErrors.exceeded('basic allowance');
    left.set(denom, rest);
  }
  return [...left].filter(([, amount]) => amount > 0n).map(([denom, amount]) => ({ denom, amount: String(amount) }));
}

function allowanceKey(granter: Uint8Array, grantee: Uint8Array): Uint8Array {
  const lengthOf = (bytes: Uint8Array): Uint8Array => Uint8Array.of(bytes.length);
  return concatBytes(ALLOWANCE_KEY, lengthOf(grantee), grantee, lengthOf(granter), granter);
}
