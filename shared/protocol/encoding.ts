import { sha256 } from './sha2.ts';

/** Encoding of docs/protocol.md section 1: big-endian integers of fixed width, length-prefixed fields, domain-tagged frames. */

const text = new TextEncoder();

const outOfRange = (value: U64, bits: number): RangeError =>
  new RangeError(`u${bits} takes 0 to 2^${bits} - 1, received ${value}`);

/** A u64 of the contract: a number while it is a safe integer. */
export type U64 = number | bigint;

/** @throws {RangeError} out of range; so for all widths. */
export const u32 = (value: number): Uint8Array => {
  if (!(Number.isInteger(value) && value >= 0 && value < 2 ** 32)) throw outOfRange(value, 32);
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
};

export const u64 = (value: U64): Uint8Array => {
  const wide = BigInt(value);
  if (wide < 0n || wide >= 1n << 64n) throw outOfRange(value, 64);
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, wide);
  return out;
};

export const u128 = (value: bigint): Uint8Array => {
  if (value < 0n || value >= 1n << 128n) throw outOfRange(value, 128);
  return concat([u64(value >> 64n), u64(value & (2n ** 64n - 1n))]);
};

export const utf8 = (value: string): Uint8Array => text.encode(value);

/** Unsigned big-endian integer of any length. */
export const bigEndian = (bytes: Uint8Array): bigint => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

export const concat = (parts: readonly Uint8Array[]): Uint8Array => {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
};

const fieldsOf = (all: readonly Uint8Array[]): Uint8Array => {
  const out = new Uint8Array(all.reduce((sum, bytes) => sum + 4 + bytes.length, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const bytes of all) {
    view.setUint32(at, bytes.length);
    out.set(bytes, at + 4);
    at += 4 + bytes.length;
  }
  return out;
};

/** `u32be(length) || bytes`. */
export const field = (bytes: Uint8Array): Uint8Array => fieldsOf([bytes]);

/** `field(tag) || field(f1) || ... || field(fn)`: what is hashed or signed. */
export const frame = (tag: string, fields: readonly Uint8Array[]): Uint8Array => fieldsOf([utf8(tag), ...fields]);

export const hashFrame = (tag: string, fields: readonly Uint8Array[]): Uint8Array => sha256(frame(tag, fields));

/**
 * The fields of a sequence of `field(...)`s.
 * @throws {RangeError} when the bytes end inside a field
 */
export const readFields = (bytes: Uint8Array): Uint8Array[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) throw new RangeError(`field length cut off at byte ${at} of ${bytes.length}`);
    const end = at + 4 + view.getUint32(at);
    if (end > bytes.length) throw new RangeError(`field at byte ${at} ends at ${end}, beyond ${bytes.length} bytes`);
    fields.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return fields;
};

/**
 * The fields of a frame with this tag.
 * @throws {RangeError} other tag, other number of fields, or cut off
 */
export const readFrame = (tag: string, count: number, bytes: Uint8Array): Uint8Array[] => {
  const [head, ...fields] = readFields(bytes);
  const found = head && new TextDecoder().decode(head);
  if (found !== tag) throw new RangeError(`expected a ${tag} frame, received '${found?.slice(0, 40) ?? ''}'`);
  if (fields.length !== count) throw new RangeError(`a ${tag} frame has ${count} fields, received ${fields.length}`);
  return fields;
};

export const toHex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');

/** @throws {RangeError} unless lower-case hex of an even length */
export const fromHex = (hex: string): Uint8Array => {
  if (!/^([0-9a-f]{2})*$/.test(hex)) throw new RangeError('expected lower-case hex of an even length');
  return new Uint8Array(Buffer.from(hex, 'hex'));
};

export const toBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');

/** @throws {RangeError} unless canonical padded base64, so that no two texts mean the same bytes */
export const fromBase64 = (value: string): Uint8Array => {
  const bytes = Buffer.from(value, 'base64');
  if (bytes.toString('base64') !== value) throw new RangeError('expected canonical padded base64');
  return new Uint8Array(bytes);
};

export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);
