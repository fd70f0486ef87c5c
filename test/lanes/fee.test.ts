import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { feeOf, gasLimitOf, parseGasPrice, priceFactor, shares } from '../../shared/chain/lanes/fee.ts';

const calm = { bump: 0, signatures: 0, blocksLeft: 100, urgentBlocks: 20 };

describe('the price of gas', () => {
  it('is a decimal and a denomination, and nothing else', () => {
    expect(parseGasPrice('0.025unes')).toEqual({ numerator: 25n, denominator: 1_000n });
    expect(parseGasPrice('2ibc/AB12')).toEqual({ numerator: 2n, denominator: 1n });
    for (const bad of ['', 'unes', '0.025', '-1unes', '1.unes', '1 unes']) {
      expect(() => parseGasPrice(bad)).toThrow(expect.objectContaining({ code: 'bad-gas-price' }));
    }
  });

  it.each([
    [calm, 1_000],
    [{ ...calm, blocksLeft: 20 }, 1_000],
    [{ ...calm, blocksLeft: 10 }, 1_500],
    [{ ...calm, blocksLeft: 0 }, 2_000],
    [{ ...calm, signatures: 2 }, 2_250],
    [{ ...calm, bump: 2 }, 4_000],
    [{ ...calm, bump: 9 }, 8_000],
  ])('for %o is %i thousandths', (urgency, factor) => expect(priceFactor(urgency, 8_000)).toBe(factor));

  it('never falls as the deadline comes nearer, and stays between once and the most', () => {
    const nat = (max: number) => fc.nat({ max });
    fc.assert(
      fc.property(nat(5), nat(4), nat(50), (bump, signatures, blocksLeft) => {
        const at = (left: number) => priceFactor({ bump, signatures, blocksLeft: left, urgentBlocks: 20 }, 8_000);
        expect(at(blocksLeft)).toBeGreaterThanOrEqual(at(blocksLeft + 1));
        expect(at(blocksLeft)).toBeGreaterThanOrEqual(1_000);
        expect(at(blocksLeft)).toBeLessThanOrEqual(8_000);
      }),
    );
  });

  it('makes the fee that the chain asks for, rounded up', () => {
    expect(feeOf('0.025unes', 1_000, 100_000)).toBe('2500');
    expect(feeOf('0.025unes', 1_000, 100_001)).toBe('2501');
    expect(feeOf('0.025unes', 1_500, 100_000)).toBe('3750');
  });
});

it('asks for what a simulation used and headroom, at least the floor, and more after it was not enough', () => {
  const terms = { gasAdjustment: 1.3, minGas: 100_000 };
  expect(gasLimitOf(200_000, 0, terms)).toBe(260_000);
  expect(gasLimitOf(10, 0, terms)).toBe(100_000);
  expect(gasLimitOf(200_000, 2, terms)).toBe(585_000);
});

it('shares in whole parts that add up, none of them a whole unit off its due', () => {
  const weights = fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 32 });
  fc.assert(
    fc.property(fc.nat({ max: 50_000_000 }), weights, (total, of) => {
      const parts = shares(total, of);
      const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
      expect(sum(parts)).toBe(total);
      for (const [i, part] of parts.entries())
        expect(Math.abs(part - (total * (of[i] as number)) / sum(of))).toBeLessThanOrEqual(1);
    }),
  );
});
