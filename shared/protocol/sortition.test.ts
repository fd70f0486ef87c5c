import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { vrfProve, vrfVerify } from './ecvrf.ts';
import { u32, utf8 } from './encoding.ts';
import { sha256 } from './sha2.ts';
import { alphaOf, qualifies, weightOf } from './sortition.ts';

describe('sortition', () => {
  it('seats nodes over 1,000 slots as often as their weight says (chi-squared, fixed seed)', () => {
    const weights = [1n, 2n, 3n, 5n, 8n].map((bond) => weightOf(bond * 100_000n, 1n, 2_000_000n, 1_000));
    const totalWeight = weights.reduce((sum, w) => sum + w, 0n);
    const seats = 2;
    const slots = 1_000;
    const seated = weights.map(() => 0);
    const keys = weights.map((_, i) => sha256(utf8(`node ${i}`)));
    for (let slot = 0; slot < slots; slot++) {
      const alpha = alphaOf(sha256(u32(slot)), 0);
      weights.forEach((weight, i) => {
        const { beta } = vrfProve(keys[i]!, alpha);
        if (qualifies(beta, { weight, totalWeight, seats, round: 0 })) seated[i]! += 1;
      });
    }
    const chiSquared = weights.reduce((sum, weight, i) => {
      const chance = Math.min(1, (seats * Number(weight)) / Number(totalWeight));
      const expected = slots * chance;
      return sum + (seated[i]! - expected) ** 2 / (expected * (1 - chance));
    }, 0);
    // 5 independent seats: the 99.9 % point of chi-squared with 5 degrees of freedom.
    expect(chiSquared).toBeLessThan(20.52);
  });

  it('checks a stranger can repeat: the same seed and round give the same draw under the public key', () => {
    const seed = sha256(utf8('a node'));
    const alpha = alphaOf(sha256(utf8('a query')), 2);
    const { proof, beta } = vrfProve(seed, alpha);
    expect(vrfVerify(ed25519.getPublicKey(seed), alpha, proof)).toEqual(beta);
    expect(vrfVerify(ed25519.getPublicKey(seed), alphaOf(sha256(utf8('a query')), 3), proof)).toBeUndefined();
  });

  it('never unseats by widening, and seats everyone with weight in the end', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        fc.bigInt({ min: 1n, max: 10n ** 12n }),
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        fc.integer({ min: 1, max: 11 }),
        fc.integer({ min: 0, max: 15 }),
        (beta, weight, others, seats, round) => {
          const draw = { weight, totalWeight: weight + others, seats };
          if (qualifies(beta, { ...draw, round })) expect(qualifies(beta, { ...draw, round: round + 1 })).toBe(true);
          expect(qualifies(beta, { ...draw, totalWeight: weight, round: 0 })).toBe(true);
          expect(qualifies(beta, { ...draw, weight: 0n, round: 16 })).toBe(false);
        },
      ),
    );
  });

  it('decides edges in integers: a threshold one part in 2^64 above or below', () => {
    const beta = new Uint8Array(64);
    beta[0] = 0x80;
    expect(qualifies(beta, { weight: 1n, totalWeight: 2n, seats: 1, round: 0 })).toBe(false);
    beta[0] = 0x7f;
    beta.fill(0xff, 1, 8);
    expect(qualifies(beta, { weight: 1n, totalWeight: 2n, seats: 1, round: 0 })).toBe(true);
  });

  it('weighs no bond below the least, and none above the cap', () => {
    expect(weightOf(99n, 100n, 1_000n, 1_000)).toBe(0n);
    expect(weightOf(100n, 100n, 1_000n, 1_000)).toBe(100_000n);
    expect(weightOf(5_000n, 100n, 1_000n, 10_000)).toBe(10_000_000n);
  });
});
