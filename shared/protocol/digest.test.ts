import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_BYTES, rawDigest, rawLeaves, tensorsDigest, tokensDigest } from './digest.ts';
import { toHex, utf8 } from './encoding.ts';
import { merklePath, merkleVerify } from './merkle.ts';

describe('result digests', () => {
  it('proves one chunk of a long result without the rest', () => {
    const result = new Uint8Array(3 * CHUNK_BYTES + 5).map((_, i) => i % 251);
    const leaves = rawLeaves(result);
    expect(leaves).toHaveLength(4);
    expect(merkleVerify(rawDigest(result), leaves[3]!, 3, 4, merklePath(leaves, 3))).toBe(true);
  });

  it('gives an empty result a digest of its own', () => {
    expect(toHex(rawDigest(new Uint8Array()))).not.toBe(toHex(rawDigest(Uint8Array.of(0))));
  });

  it('tells raw bytes, tokens and tensors of the same bytes apart', () => {
    const data = new Uint8Array(8);
    const digests = [
      rawDigest(data),
      tokensDigest([0, 0]),
      tensorsDigest([{ dtype: 'float32', dims: [2], data }]),
      tensorsDigest([{ dtype: 'float32', dims: [2, 1], data }]),
      tensorsDigest([{ dtype: 'int32', dims: [2], data }]),
      tensorsDigest([{ dtype: 'int64', dims: [1], data }]),
    ].map(toHex);
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('changes with any byte', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (a, at, x) => {
          const b = a.slice();
          b[at % b.length] = (b[at % b.length] ?? 0) ^ x;
          expect(toHex(rawDigest(b))).not.toBe(toHex(rawDigest(a)));
        },
      ),
    );
  });

  it('counts tokens in chunks of 32', () => {
    const ids = Array.from({ length: 33 }, (_, i) => i);
    expect(toHex(tokensDigest(ids))).not.toBe(toHex(tokensDigest(ids.slice(0, 32))));
    expect(() => tokensDigest([-1])).toThrow(RangeError);
    expect(toHex(rawDigest(utf8('a')))).toHaveLength(64);
  });
});
