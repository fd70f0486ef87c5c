import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cheatingFigures } from '../../shared/ledger/cheating.ts';
import { committees, MAX_COMMITTEE } from '../../shared/ledger/committees.ts';
import { type Expected, expectedGain, type Strategy } from '../../shared/ledger/expected-gain.ts';
import { reputationLoss, workValue } from '../../shared/ledger/reputation-value.ts';
import { afterSuccess, sharePpm } from '../../shared/protocol/money.ts';
import { CASES, type CheatingCase, equal, TERMS } from './cheating-cases.ts';
import { type Estimate, seededBits, simulate } from './simulated-committees.ts';

const QUERIES = 100_000;
const SEED = 20_405_295;

/** Standard errors between a simulated mean and the formula; a mean that cannot vary must be the formula's. */
const distance = ({ mean, standardError }: Estimate, expected: number): number =>
  standardError === 0 ? (Math.abs(mean - expected) < 1e-4 ? 0 : Infinity) : Math.abs(mean - expected) / standardError;

describe('expected gain, against 100,000 simulated queries', () => {
  it.each(CASES)('$strategy: $name', ({ strategy, network, terms }: CheatingCase) => {
    const expected = expectedGain(strategy, network, terms);
    const simulated = simulate(strategy, network, terms, QUERIES, SEED);
    for (const name of Object.keys(expected) as (keyof Expected)[]) {
      expect(distance(simulated[name], expected[name]), `${name} of ${strategy}`).toBeLessThan(4);
    }
  });

  it('would notice a formula that is one part in twenty off', () => {
    const network = { honest: equal(14), coalition: equal(6) };
    const simulated = simulate('collude', network, TERMS, QUERIES, SEED);
    const wrong = expectedGain('collude', network, { ...TERMS, slashPpm: 52_500 });
    expect(distance(simulated.gainUnes, wrong.gainUnes)).toBeGreaterThan(4);
  });
});

describe('committees', () => {
  const weights = fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 12 });

  it('are a distribution, within the limit, with each side in its bounds', () => {
    fc.assert(
      fc.property(
        weights,
        weights,
        fc.integer({ min: 1, max: 11 }),
        fc.nat({ max: 16 }),
        (honest, ours, seats, last) => {
          fc.pre([...honest, ...ours].some((weight) => weight > 0));
          const all = committees(honest, ours, seats, last);
          const sum = all.reduce((total, { probability }) => total + probability, 0);
          expect(sum).toBeCloseTo(1, 9);
          for (const c of all) {
            expect(c.honest).toBeLessThanOrEqual(honest.length);
            expect(c.ours).toBeLessThanOrEqual(ours.length);
            expect(c.honest + c.ours).toBeLessThanOrEqual(MAX_COMMITTEE);
          }
        },
      ),
    );
  });

  it('hold at most 21, taken from both sides alike when more qualify', () => {
    const all = committees(Array(30).fill(1), Array(10).fill(1), 40, 0);
    const mean = all.reduce((sum, { ours, probability }) => sum + ours * probability, 0);
    expect(all.every(({ honest, ours }) => honest + ours === MAX_COMMITTEE)).toBe(true);
    expect(mean).toBeCloseTo((MAX_COMMITTEE * 10) / 40, 9);
  });
});

describe('what reputation is worth', () => {
  it('is the mean of many working lives', () => {
    const earnings = { reputation: 1_000, seatChance: 0.25, payUnes: 600, computeUnes: 200 };
    const bits = seededBits(SEED);
    const [lives, queries, start] = [20_000, 200, 800];
    let [sum, squares] = [0, 0];
    for (let life = 0; life < lives; life++) {
      let [earned, reputation] = [0, start];
      for (let q = 0; q < queries; q++) {
        if (bits() / 2 ** 32 >= (earnings.seatChance * reputation) / earnings.reputation) continue;
        earned += (earnings.payUnes * sharePpm(reputation)) / sharePpm(1_000) - earnings.computeUnes;
        reputation = Math.min(afterSuccess(reputation), earnings.reputation);
      }
      sum += earned;
      squares += earned ** 2;
    }
    const mean = sum / lives;
    const standardError = Math.sqrt((squares / lives - mean ** 2) / lives);
    expect(distance({ mean, standardError }, workValue(earnings, start, queries))).toBeLessThan(4);
    expect(reputationLoss(earnings, queries)).toBeCloseTo(200 * 0.25 * 400 - workValue(earnings, start, queries), 6);
  });
});

describe('the figures of a model', () => {
  const params = { maxSeats: 11, bondCapUnes: 10_000_000n, minBondUnes: 100_000n, slashPpm: 50_000 };
  const model = { priceUnes: 1_000n, windows: { roundBlocks: 8, commitBlocks: 120, revealBlocks: 120 } };
  const of = (nodes: number, change = {}) =>
    cheatingFigures(model, { ...params, ...change }, equal(nodes), 3) ?? expect.fail('no figures');

  it('are those of the formula, with a run that costs what it pays', () => {
    const { rows, assumed } = of(20);
    expect(rows[0]).toMatchObject({ strategy: 'honest', nodes: 1, stakeShare: 0.05, againstHonestUnes: 0 });
    expect(rows[0]?.gainUnes).toBeCloseTo(0, 6);
    expect(assumed).toMatchObject({ nodes: 20, seats: 3, feeUnes: 3_000n, slashUnes: 50_000 });
    expect(rows.map(({ strategy, nodes }) => [strategy, nodes] as [Strategy, number])).toEqual([
      ['honest', 1],
      ['guess', 1],
      ['copy', 1],
      ['withhold', 1],
      ['share-run', 10],
      ['collude', 2],
      ['collude', 4],
      ['collude', 6],
      ['collude', 10],
    ]);
    // Running once for several seats pays, and the contract cannot see it; every wrong answer costs.
    expect(rows.map(({ againstHonestUnes }) => Math.sign(againstHonestUnes))).toEqual([
      0, -1, -1, -1, 1, -1, -1, -1, -1,
    ]);
  });

  it('give break-even points at which the gain is nought', () => {
    const { rows, assumed, breakEvenStakeShare = 0 } = of(20);
    const k = 6;
    const row = rows.find(({ strategy, nodes }) => strategy === 'collude' && nodes === k) ?? expect.fail('no row');
    const network = (bondUnes?: bigint) => ({ honest: equal(20 - k, bondUnes), coalition: equal(k, bondUnes) });
    const terms = {
      ...TERMS,
      computeUnes: assumed.computeUnes,
      reputationUnes: assumed.reputationUnes,
      lastRound: 15,
      prizeUnes: 0,
    };
    const gain = (change: object, bondUnes?: bigint): number =>
      expectedGain('collude', network(bondUnes), { ...terms, ...change }).gainUnes;
    expect(gain({})).toBeCloseTo(row.gainUnes, 6);
    expect(gain({ prizeUnes: row.paysAbovePrizeUnes })).toBeCloseTo(0, 4);
    // Slashes are whole unes: within two for each seat.
    const bond = row.minimumBondUnes ?? expect.fail('no bond');
    expect(Math.abs(gain({ minBondUnes: 1n }, BigInt(bond)))).toBeLessThan(10);
    const share = (part: number) => {
      const ours = Math.round(part * 20);
      const nodes = { honest: equal(20 - ours), coalition: equal(ours) };
      return expectedGain('collude', nodes, terms).gainUnes - expectedGain('honest', nodes, terms).gainUnes;
    };
    expect(share(breakEvenStakeShare)).toBeGreaterThan(0);
    expect(share(breakEvenStakeShare - 0.05)).toBeLessThanOrEqual(0);
  });

  it('say that cheating pays where nothing is slashed', () => {
    const { rows, minimumBondForCoinUnes, breakEvenGuessRate } = of(20, { slashPpm: 0 });
    expect(minimumBondForCoinUnes).toBeUndefined();
    expect(breakEvenGuessRate).toBeLessThan(0.1);
    expect(
      rows.find(({ strategy, nodes }) => strategy === 'collude' && nodes === 10)?.againstHonestUnes,
    ).toBeGreaterThan(0);
  });

  it('are absent without a node that has a full bond', () => {
    expect(cheatingFigures(model, params, equal(3, 99_999n), 3)).toBeUndefined();
    expect(cheatingFigures(model, params, [], 3)).toBeUndefined();
  });
});
