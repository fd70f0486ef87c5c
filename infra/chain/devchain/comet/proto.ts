import { concatBytes } from '../state/kv.ts';

/*
 * The few protobuf messages that CometBFT hashes or signs and cosmjs-types does not contain: the wrappers of
 * google/protobuf/wrappers.proto and tendermint/types/canonical.proto. As in proto3, default values are left out.
 */

const EMPTY = new Uint8Array(0);

/** An unsigned LEB128 number; a negative int64 takes ten bytes, as in protobuf. */
export function varint(value: bigint): Uint8Array {
  let rest = BigInt.asUintN(64, value);
  const out: number[] = [];
  while (rest >= 0x80n) {
    out.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  out.push(Number(rest));
  return Uint8Array.from(out);
}

/** A varint field (int32, int64, uint32, uint64, enum); nothing when the value is 0. */
export function varintField(field: number, value: bigint): Uint8Array {
  return value === 0n ? EMPTY : concatBytes(varint(BigInt(field << 3)), varint(value));
}

/** An sfixed64 field; nothing when the value is 0. */
export function sfixed64Field(field: number, value: bigint): Uint8Array {
  if (value === 0n) return EMPTY;
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, value, true);
  return concatBytes(varint(BigInt((field << 3) | 1)), bytes);
}

/** A bytes or string field; nothing when it is empty. */
export function bytesField(field: number, value: Uint8Array): Uint8Array {
  return value.length === 0 ? EMPTY : messageField(field, value);
}

/** An embedded message, written even when it is empty, as gogoproto does for non-nullable fields. */
export function messageField(field: number, value: Uint8Array): Uint8Array {
  return concatBytes(varint(BigInt((field << 3) | 2)), lengthPrefixed(value));
}

/** Length as varint, then the bytes. */
export function lengthPrefixed(value: Uint8Array): Uint8Array {
  return concatBytes(varint(BigInt(value.length)), value);
}
