/** Direction of a range scan. */
export type Order = 'ascending' | 'descending';

/** One stored pair; keys compare as unsigned bytes, as in SQLite BLOBs and the Cosmos stores. */
export type Entry = readonly [key: Uint8Array, value: Uint8Array];

/** Ordered key-value reads. Implementations never hand out bytes that a later write changes. */
export interface KvReader {
  get(key: Uint8Array): Uint8Array | undefined;
  /** Pairs with `start <= key < end` (undefined: unbounded), lazily, in the given order. */
  scan(start: Uint8Array | undefined, end: Uint8Array | undefined, order: Order): IterableIterator<Entry>;
}

/** Ordered key-value reads and writes. */
export interface KvStore extends KvReader {
  set(key: Uint8Array, value: Uint8Array): void;
  remove(key: Uint8Array): void;
}

/** A pending change: `undefined` removes the key. */
export interface KvWrite {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** Bytes as a string of char codes 0..255: string order is then byte order, and it can key a Map. */
export function binaryString(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** Inverse of {@link binaryString}. */
export function binaryBytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

/** Joins byte strings into one new array. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** The smallest key above every key with this prefix, or undefined when there is none (all bytes 0xff). */
export function prefixEnd(prefix: Uint8Array): Uint8Array | undefined {
  for (let i = prefix.length - 1; i >= 0; i--) {
    const byte = prefix[i] ?? 0;
    if (byte < 0xff) {
      const end = prefix.slice(0, i + 1);
      end[i] = byte + 1;
      return end;
    }
  }
  return undefined;
}

/** An unsigned 64-bit integer as 8 big-endian bytes, the Cosmos key encoding. Throws RangeError outside 0..2^64-1. */
export function u64BigEndian(value: bigint | number): Uint8Array {
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE(BigInt(value));
  return Uint8Array.from(out);
}

/** Inverse of {@link u64BigEndian}; reads the first 8 bytes. */
export function readU64BigEndian(bytes: Uint8Array): bigint {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readBigUInt64BE(0);
}
