import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compactFromDer, publicKeyFromSpki } from './secp256k1.ts';

const ORDER = secp256k1.Point.Fn.ORDER;
const HALF = ORDER / 2n;

const bytes32 = (n: bigint): Buffer => Buffer.from(n.toString(16).padStart(64, '0'), 'hex');
/** A DER INTEGER by the rules of X.690, written apart from the code under test. */
const integer = (n: bigint): Buffer => {
  const hex = n.toString(16);
  const raw = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex');
  const content = (raw[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), raw]) : raw;
  return Buffer.concat([Buffer.of(2, content.length), content]);
};
const sequence = (...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(0x30, content.length), content]);
};
const der = (r: bigint, s: bigint): Buffer => sequence(integer(r), integer(s));

/** Values of 1 to 256 bits, so that all lengths of integers come up. */
const scalar = fc
  .tuple(fc.bigInt({ min: 1n, max: ORDER - 1n }), fc.integer({ min: 0, max: 24 }))
  .map(([n, shift]) => n >> BigInt(shift) || 1n);
const refusal = expect.objectContaining({ family: 'invariant', code: 'bad-signature' });

describe('compactFromDer', () => {
  const expectLowered = (r: bigint, s: bigint): void => {
    const low = s > HALF ? ORDER - s : s;
    expect(Buffer.from(compactFromDer(der(r, s)))).toEqual(Buffer.concat([bytes32(r), bytes32(low)]));
  };

  it('takes every r and s in the order of the group, and lowers s', () => {
    fc.assert(fc.property(scalar, scalar, expectLowered), { numRuns: 2_000 });
  });

  it('takes every length there is, with s in either half', () => {
    /** With 1, 31, 32 and 33 bytes of content. */
    const values = [1n, 0x7fn, (1n << 247n) - 1n, (1n << 248n) - 1n, HALF, HALF + 1n, ORDER - 1n];
    const pairs = values.flatMap((r) => values.map((s) => [r, s] as const));
    const lengths = (high: boolean) => pairs.filter(([, s]) => s > HALF === high).map(([r, s]) => der(r, s).length);
    for (const [r, s] of pairs) expectLowered(r, s);
    expect(lengths(false)).toEqual(expect.arrayContaining([8, 69, 70, 71]));
    expect(lengths(true)).toEqual(expect.arrayContaining([40, 70, 71, 72]));
  });

  it('rejects everything that is not the one encoding of such a signature', () => {
    const good = der(HALF, HALF + 1n);
    const [r, s] = [integer(HALF), integer(5n)];
    const bad: [string, Buffer][] = [
      ['nothing', Buffer.alloc(0)],
      ['r of nought', der(0n, 5n)],
      ['s of nought', der(5n, 0n)],
      ['r of the order', der(ORDER, 5n)],
      ['s of the order', der(5n, ORDER)],
      ['an s of 33 bytes', der(5n, 1n << 256n)],
      ['a negative s', sequence(r, Buffer.of(2, 1, 0x80))],
      ['a padded s', sequence(r, Buffer.of(2, 2, 0, 5))],
      ['an empty s', sequence(r, Buffer.of(2, 0))],
      ['one integer', sequence(r)],
      ['three integers', sequence(r, s, s)],
      ['bytes behind', Buffer.concat([good, Buffer.of(0)])],
      ['another tag', Buffer.concat([Buffer.of(0x31), good.subarray(1)])],
      ['an octet string', sequence(r, Buffer.of(4, 1, 5))],
      ['a length in long form', Buffer.concat([Buffer.of(0x30, 0x81), good.subarray(1)])],
      ['r || s', Buffer.concat([bytes32(HALF), bytes32(5n)])],
    ];
    for (const [what, bytes] of bad) expect(() => compactFromDer(bytes), what).toThrow(refusal);
    for (let end = 0; end < good.length; end++) expect(() => compactFromDer(good.subarray(0, end))).toThrow(refusal);
  });

  it('gives nothing but a typed error or the signature that the same bytes encode', () => {
    const change = fc.tuple(fc.nat({ max: 71 }), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(scalar, scalar, fc.array(change, { minLength: 1, maxLength: 3 }), (r, s, changes) => {
        const bytes = der(r, s);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        try {
          const compact = Buffer.from(compactFromDer(bytes));
          const [readR, readS] = [compact.subarray(0, 32), compact.subarray(32)].map((b) =>
            BigInt(`0x${b.toString('hex')}`),
          );
          expect([der(readR!, readS!), der(readR!, ORDER - readS!)]).toContainEqual(bytes);
        } catch (error) {
          expect(error).toEqual(refusal);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('publicKeyFromSpki', () => {
  const spkiOf = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' });

  it('reads keys as OpenSSL writes them', () => {
    for (let i = 0; i < 20; i++) {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
      const d = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
      expect(publicKeyFromSpki(spkiOf(publicKey))).toEqual(secp256k1.getPublicKey(d, true));
    }
  });

  it('rejects other curves, other kinds, points off the curve, and bytes before or behind', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    const good = spkiOf(publicKey);
    const off = Buffer.from(good);
    off[87] = (off[87] ?? 0) ^ 1;
    const { publicKey: p256 } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { publicKey: ed25519 } = generateKeyPairSync('ed25519');
    const zero = Buffer.concat([good.subarray(0, 24), Buffer.alloc(64)]);
    const bad = [
      Buffer.alloc(0),
      spkiOf(p256),
      spkiOf(ed25519),
      off,
      zero,
      good.subarray(0, 87),
      Buffer.concat([good, Buffer.of(0)]),
      Buffer.from(secp256k1.getPublicKey(new Uint8Array(32).fill(1), true)),
    ];
    expect(() => createPublicKey({ key: good, format: 'der', type: 'spki' })).not.toThrow();
    for (const bytes of bad) {
      expect(() => publicKeyFromSpki(bytes)).toThrow(expect.objectContaining({ code: 'bad-public-key' }));
    }
  });
});
