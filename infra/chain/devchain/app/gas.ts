import type { Entry, KvStore, Order } from '../state/kv.ts';
import { concatBytes, prefixEnd } from '../state/kv.ts';
import { OutOfGasError } from './errors.ts';

/*
 * Store and size gas only; wasm instructions are not metered, so a contract that never ends hangs the chain. Constants:
 * cosmossdk.io/store v1.1 types/gas.go KVGasConfig and x/auth's default params, in gas units.
 */
const READ_FLAT = 1000;
const READ_PER_BYTE = 3;
const WRITE_FLAT = 2000;
const WRITE_PER_BYTE = 30;
const DELETE_FLAT = 1000;
const ITERATE_FLAT = 30;
export const TX_SIZE_PER_BYTE = 10;
export const SECP256K1_VERIFY = 1000;

/** Counts gas of one transaction; throws sdk code 11 once the limit is passed. */
export class GasMeter {
  readonly limit: number;
  #used = 0;

  /** `limit` in gas units; Infinity while simulating. */
  constructor(limit: number) {
    this.limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  consume(amount: number, location: string): void {
    this.#used += amount;
    if (this.#used > this.limit) {
      throw new OutOfGasError(location, this.limit, this.#used);
    }
  }
}

/** One module's part of the state: keys under a prefix, every access charged (cosmossdk.io/store gaskv). */
export class MeteredStore implements KvStore {
  readonly #parent: KvStore;
  readonly #prefix: Uint8Array;
  readonly #freeBytes: number;
  readonly #gas: GasMeter;

  /** `freeBytes` of the prefix are ours, not the SDK's, and cost nothing. */
  constructor(parent: KvStore, prefix: Uint8Array, freeBytes: number, gas: GasMeter) {
    this.#parent = parent;
    this.#prefix = prefix;
    this.#freeBytes = freeBytes;
    this.#gas = gas;
  }

  /** A view on the keys that start with `prefix`. */
  under(prefix: Uint8Array): MeteredStore {
    return new MeteredStore(this.#parent, concatBytes(this.#prefix, prefix), this.#freeBytes, this.#gas);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const full = concatBytes(this.#prefix, key);
    this.#gas.consume(READ_FLAT, 'ReadFlat');
    const value = this.#parent.get(full);
    this.#gas.consume(READ_PER_BYTE * (this.#charged(full) + (value?.length ?? 0)), 'ReadPerByte');
    return value;
  }

  set(key: Uint8Array, value: Uint8Array): void {
    const full = concatBytes(this.#prefix, key);
    this.#gas.consume(WRITE_FLAT, 'WriteFlat');
    this.#gas.consume(WRITE_PER_BYTE * (this.#charged(full) + value.length), 'WritePerByte');
    this.#parent.set(full, value);
  }

  remove(key: Uint8Array): void {
    this.#gas.consume(DELETE_FLAT, 'Delete');
    this.#parent.remove(concatBytes(this.#prefix, key));
  }

  *scan(start: Uint8Array | undefined, end: Uint8Array | undefined, order: Order): IterableIterator<Entry> {
    const low = concatBytes(this.#prefix, start ?? new Uint8Array(0));
    const high = end === undefined ? prefixEnd(this.#prefix) : concatBytes(this.#prefix, end);
    this.#gas.consume(ITERATE_FLAT, 'IterNextFlat');
    for (const [key, value] of this.#parent.scan(low, high, order)) {
      this.#gas.consume(READ_PER_BYTE * (this.#charged(key) + value.length) + ITERATE_FLAT, 'IterNextFlat');
      yield [key.slice(this.#prefix.length), value];
    }
  }

  #charged(full: Uint8Array): number {
    return full.length - this.#freeBytes;
  }
}
