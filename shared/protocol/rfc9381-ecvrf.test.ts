import { readFileSync } from 'node:fs';
import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isValidVrfKey, vrfProve, vrfVerify } from './ecvrf.ts';
import { fromHex, toHex } from './encoding.ts';

interface Vector {
  sk: string;
  pk: string;
  alpha: string;
  pi: string;
  beta: string;
}
const file = new URL('../../test/vectors/rfc9381-ecvrf-edwards25519-sha512-tai.json', import.meta.url);
const vectors = (JSON.parse(readFileSync(file, 'utf8')) as { cases: Vector[] }).cases;

/** The eight points of small order and their non-canonical encodings (y and y + p, both signs). */
const SMALL_ORDER = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  '0100000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
];

describe('RFC 9381 appendix B.3, ECVRF-EDWARDS25519-SHA512-TAI', () => {
  it('has the three examples', () => expect(vectors).toHaveLength(3));

  it.each(vectors)('proves and verifies alpha=$alpha', ({ sk, pk, alpha, pi, beta }) => {
    const made = vrfProve(fromHex(sk), fromHex(alpha));
    expect(toHex(made.proof)).toBe(pi);
    expect(toHex(made.beta)).toBe(beta);
    expect(toHex(vrfVerify(fromHex(pk), fromHex(alpha), fromHex(pi)) ?? new Uint8Array())).toBe(beta);
  });

  it('rejects a proof with any one byte changed', () => {
    const { pk, alpha, pi } = vectors[0] as Vector;
    for (let at = 0; at < 80; at++) {
      const proof = fromHex(pi);
      proof[at] = (proof[at] ?? 0) ^ (1 << (at % 8));
      expect(vrfVerify(fromHex(pk), fromHex(alpha), proof), `byte ${at}`).toBeUndefined();
    }
  });

  it('rejects a proof under another key, for another input, or of another length', () => {
    const [a, b] = vectors as [Vector, Vector];
    expect(vrfVerify(fromHex(b.pk), fromHex(a.alpha), fromHex(a.pi))).toBeUndefined();
    expect(vrfVerify(fromHex(a.pk), fromHex(b.alpha), fromHex(a.pi))).toBeUndefined();
    expect(vrfVerify(fromHex(a.pk), fromHex(a.alpha), fromHex(a.pi).subarray(1))).toBeUndefined();
  });

  it.each(SMALL_ORDER)('rejects the low-order or non-canonical key %s', (key) => {
    expect(isValidVrfKey(fromHex(key))).toBe(false);
    const { alpha, pi } = vectors[0] as Vector;
    expect(vrfVerify(fromHex(key), fromHex(alpha), fromHex(pi))).toBeUndefined();
  });

  it('rejects s + L, which is the same scalar written otherwise', () => {
    const { pk, alpha, pi } = vectors[0] as Vector;
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const proof = fromHex(pi);
    const s = proof.slice(48).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n) + order;
    for (let i = 0; i < 32; i++) proof[48 + i] = Number((s >> BigInt(8 * i)) & 0xffn);
    expect(vrfVerify(fromHex(pk), fromHex(alpha), proof)).toBeUndefined();
  });

  it('verifies whatever it proves, refuses noise, and never throws', () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    fc.assert(
      fc.property(bytes(32), fc.uint8Array({ maxLength: 64 }), bytes(80), (seed, alpha, noise) => {
        const key = ed25519.getPublicKey(seed);
        const { proof, beta } = vrfProve(seed, alpha);
        expect(vrfVerify(key, alpha, proof)).toEqual(beta);
        expect(vrfVerify(key, alpha, noise)).toBeUndefined();
        expect(vrfVerify(noise.subarray(0, 32), alpha, proof)).toBeUndefined();
      }),
      { numRuns: 30 },
    );
  });
});
