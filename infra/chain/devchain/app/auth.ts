import { BaseAccount } from 'cosmjs-types/cosmos/auth/v1beta1/auth';
import { PubKey } from 'cosmjs-types/cosmos/crypto/secp256k1/keys';
import { concatBytes, readU64BigEndian, u64BigEndian } from '../state/kv.ts';
import type { AddressCodec } from '../vm/addresses.ts';
import type { Context } from './context.ts';

const ACCOUNT_KEY = Uint8Array.of(1);
const NEXT_NUMBER_KEY = Uint8Array.of(2);
export const SECP256K1_PUBKEY_URL = '/cosmos.crypto.secp256k1.PubKey';

/** The SDK's x/auth, as far as a transaction needs it: who may sign, with which number and which next sequence. */
export class AuthKeeper {
  readonly #addresses: AddressCodec;

  constructor(addresses: AddressCodec) {
    this.#addresses = addresses;
  }

  get(ctx: Context, address: Uint8Array): BaseAccount | undefined {
    const stored = ctx.store('acc').get(accountKey(address));
    return stored && BaseAccount.decode(stored);
  }

  set(ctx: Context, address: Uint8Array, account: BaseAccount): void {
    ctx.store('acc').set(accountKey(address), BaseAccount.encode(account).finish());
  }

  /** The account at `address`, created with the next account number when there is none. */
  ensure(ctx: Context, address: Uint8Array): BaseAccount {
    const existing = this.get(ctx, address);
    if (existing !== undefined) return existing;
    const store = ctx.store('acc');
    const stored = store.get(NEXT_NUMBER_KEY);
    const accountNumber = stored === undefined ? 0n : readU64BigEndian(stored);
    store.set(NEXT_NUMBER_KEY, u64BigEndian(accountNumber + 1n));
    const created = BaseAccount.fromPartial({ address: this.#addresses.toText(address), accountNumber });
    this.set(ctx, address, created);
    return created;
  }
}

/** The compressed secp256k1 key of an account, or undefined before its first transaction. */
export function accountPublicKey(account: BaseAccount): Uint8Array | undefined {
  return account.pubKey && PubKey.decode(account.pubKey.value).key;
}

function accountKey(address: Uint8Array): Uint8Array {
  return concatBytes(ACCOUNT_KEY, address);
}
