import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bigEndian, equalBytes, u64, u128 } from './encoding.ts';
import {
  answerLeaf,
  challengePremium,
  chosenAnswer,
  isChallenged,
  namedAgent,
  requestHash,
  sessionPayment,
} from './session.ts';
import { sha256 } from './sha2.ts';

const token = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const amount = fc.bigInt({ min: 0n, max: 2n ** 100n });
const lots = Array.from({ length: 20_000 }, (_, i) => sha256(u64(i)));

/** Whether a binomial count lies within five standard deviations. */
const isNear = (count: number, tries: number, chance: number): boolean =>
  Math.abs(count - tries * chance) < 5 * Math.sqrt(tries * chance * (1 - chance));

describe('sessionPayment', () => {
  it('lies within one une below the exact price, and never above the lock', () => {
    fc.assert(
      fc.property(token, token, amount, amount, amount, (inputTokens, outputTokens, inputUnes, outputUnes, lock) => {
        const paid = sessionPayment({ inputTokens, outputTokens }, { inputUnes, outputUnes }, lock);
        const micro = inputTokens * inputUnes + outputTokens * outputUnes;
        expect(paid <= lock).toBe(true);
        expect(paid * 1_000_000n <= micro).toBe(true);
        if (paid < lock) expect((paid + 1n) * 1_000_000n > micro).toBe(true);
      }),
    );
  });

  it('is nothing for no tokens', () => {
    expect(sessionPayment({ inputTokens: 0, outputTokens: 0 }, { inputUnes: 5n, outputUnes: 5n }, 10n)).toBe(0n);
  });
});

describe('challengePremium', () => {
  it('is the expected cost, rounded up', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), amount, (ppm, fee) => {
        const premium = challengePremium(ppm, fee);
        const exact = BigInt(ppm) * fee;
        expect(premium * 1_000_000n >= exact && (premium - 1n) * 1_000_000n < exact).toBe(true);
        expect(premium <= fee).toBe(true);
      }),
    );
  });
});

describe('the lot', () => {
  it.each([10_000, 100_000, 500_000])('challenges at %i ppm', (ppm) => {
    expect(isNear(lots.filter((lot) => isChallenged(lot, ppm)).length, lots.length, ppm / 1e6)).toBe(true);
  });

  it('challenges never at 0 and always at 1,000,000 ppm', () => {
    expect(lots.some((lot) => isChallenged(lot, 0))).toBe(false);
    expect(lots.every((lot) => isChallenged(lot, 1_000_000))).toBe(true);
  });

  it('chooses an answer that exists', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 64 }),
        fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        (lot, answers) => {
          const chosen = chosenAnswer(lot, answers);
          expect(chosen >= 0 && chosen < answers).toBe(true);
        },
      ),
    );
  });
});

describe('namedAgent', () => {
  it('names the agent whose share holds the point', () => {
    const weights = fc.array(fc.bigInt({ min: 0n, max: 2n ** 114n }), { maxLength: 12 });
    const head = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });
    fc.assert(
      fc.property(head, weights, (point, all) => {
        const total = all.reduce((sum, weight) => sum + weight, 0n);
        const place = namedAgent(u128(point), all);
        expect(place === undefined).toBe(total === 0n);
        if (place === undefined) return;
        const before = all.slice(0, place).reduce((sum, weight) => sum + weight, 0n);
        const scaled = (point * total) >> 128n;
        expect(scaled >= before && scaled < before + (all[place] ?? 0n)).toBe(true);
      }),
    );
  });

  it('draws in proportion to weight', () => {
    const counts = [0, 0, 0];
    for (const lot of lots) {
      const place = namedAgent(lot, [1n, 3n, 6n]) ?? expect.fail('nobody is named');
      counts[place] = (counts[place] ?? 0) + 1;
    }
    expect(counts.map((count, i) => isNear(count, lots.length, [0.1, 0.3, 0.6][i] ?? 0))).toEqual([true, true, true]);
  });
});

describe('requests and answers', () => {
  const place = { chainId: 'c', contract: 'k', sessionId: new Uint8Array(33) };
  const request = { sequence: 1, inputHash: new Uint8Array(32), inputLimit: 2, outputLimit: 3 };

  it('bind every field', () => {
    const all = [
      requestHash(place, request),
      requestHash({ ...place, chainId: 'd' }, request),
      requestHash({ ...place, contract: 'd' }, request),
      requestHash({ ...place, sessionId: new Uint8Array(33).fill(1) }, request),
      requestHash(place, { ...request, sequence: 2 }),
      requestHash(place, { ...request, inputHash: new Uint8Array(32).fill(1) }),
      requestHash(place, { ...request, inputLimit: 3 }),
      requestHash(place, { ...request, outputLimit: 2 }),
    ];
    expect(new Set(all.map(bigEndian)).size).toBe(all.length);
  });

  it('count tokens in 64 bits', () => {
    const digest = new Uint8Array(32);
    const leaf = (outputTokens: bigint) => answerLeaf({ requestHash: digest, digest, inputTokens: 0, outputTokens });
    expect(equalBytes(leaf(2n ** 64n - 1n), leaf(2n ** 64n - 2n))).toBe(false);
    expect(() => leaf(2n ** 64n)).toThrow(RangeError);
    expect(() => requestHash(place, { ...request, sequence: 2 ** 32 })).toThrow(RangeError);
  });
});
