import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bigEndian,
  field,
  frame,
  fromBase64,
  fromHex,
  readFields,
  readFrame,
  toBase64,
  toHex,
  u32,
  u64,
  u128,
} from './encoding.ts';

const bytes = fc.uint8Array({ maxLength: 40 });

describe('encoding', () => {
  it('writes integers big-endian in fixed width', () => {
    expect(toHex(u32(1))).toBe('00000001');
    expect(toHex(u64(2n ** 53n))).toBe('0020000000000000');
    expect(toHex(u128(255n))).toBe('000000000000000000000000000000ff');
    expect(bigEndian(u64(123_456_789))).toBe(123_456_789n);
  });

  it('rejects integers out of range', () => {
    expect(() => u32(2 ** 32)).toThrow(RangeError);
    expect(() => u64(-1)).toThrow(RangeError);
    expect(() => u128(2n ** 128n)).toThrow(RangeError);
  });

  it('reads back the fields of any frame', () => {
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 6 }), (fields) => {
        expect(readFrame('a-tag', fields.length, frame('a-tag', fields))).toEqual(fields);
      }),
    );
  });

  it('never gives two lists of fields the same bytes', () => {
    const lists = fc.array(bytes, { maxLength: 4 });
    fc.assert(
      fc.property(lists, lists, (a, b) => {
        const same = JSON.stringify(a.map(toHex)) === JSON.stringify(b.map(toHex));
        expect(toHex(frame('t', a)) === toHex(frame('t', b))).toBe(same);
      }),
    );
  });

  it('rejects a frame that is cut off, of another tag, or of another number of fields', () => {
    const whole = frame('a-tag', [u32(1), u32(2)]);
    expect(() => readFields(whole.subarray(0, -1))).toThrow(/beyond/);
    expect(() => readFrame('b-tag', 2, whole)).toThrow(/expected a b-tag frame/);
    expect(() => readFrame('a-tag', 3, whole)).toThrow(/has 3 fields, received 2/);
    expect(() => readFields(field(u32(1)).subarray(0, 3))).toThrow(/cut off/);
  });

  it('reads hex and base64 in one spelling only', () => {
    fc.assert(
      fc.property(bytes, (b) => {
        expect(fromBase64(toBase64(b))).toEqual(fromHex(toHex(b)));
      }),
    );
    for (const text of ['AB', 'a', 'zz']) expect(() => fromHex(text), text).toThrow(RangeError);
    for (const text of ['AB==', 'AA', 'A A=', 'AQ==\n']) expect(() => fromBase64(text), text).toThrow(RangeError);
  });
});
