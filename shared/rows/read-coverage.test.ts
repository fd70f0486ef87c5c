import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coveredBlock } from '../../test/covered-block.ts';
import { openDatabase } from '../adapters/local/sqlite.ts';
import { openSqliteStore } from '../adapters/local/sqlite-store.ts';
import { coverageWrite } from './coverage.ts';
import { coverageAt, coverageBetween } from './read-coverage.ts';

const CHAIN = 'rows-1';

/** A store with these stretches of heights, one row each. */
const storeOf = async (stretches: readonly (readonly number[])[]) => {
  const store = openSqliteStore(openDatabase(':memory:'));
  for (const heights of stretches)
    await store.transact([
      coverageWrite(
        CHAIN,
        heights.map((height) => coveredBlock(height)),
      ),
    ]);
  return store;
};

describe('coverage in stretches', () => {
  it('is found at the first, a middle and the last height of a stretch', async () => {
    const store = await storeOf([[8, 9, 10, 11], [12], [20, 21]]);
    for (const height of [8, 9, 11, 12, 20, 21])
      expect(await coverageAt(store, CHAIN, height)).toMatchObject(coveredBlock(height));
  });

  it('is not found in front of it, in a gap, behind the end, or on another chain', async () => {
    const store = await storeOf([[8, 9, 10, 11], [12], [20, 21]]);
    for (const height of [0, 1, 7, 13, 16, 19, 22, 1_000])
      expect(await coverageAt(store, CHAIN, height)).toBeUndefined();
    expect(await coverageAt(store, 'rows-2', 9)).toBeUndefined();
  });

  it('bears the version of the row at each of its heights', async () => {
    const store = await storeOf([
      [1, 2],
      [3, 4],
      [3, 4],
    ]);
    const versions = (await Array.fromAsync(coverageBetween(store, CHAIN, 2, 4))).map(({ height, version }) => [
      height,
      version,
    ]);
    expect(versions).toEqual([
      [2, 1],
      [3, 2],
      [4, 2],
    ]);
  });

  it('is read over several pages', async () => {
    const heights = Array.from({ length: 250 }, (_, i) => i + 1);
    const store = await storeOf([...heights.map((height) => [height]), [251, 252]]);
    const read = await Array.fromAsync(coverageBetween(store, CHAIN, 2, 251));
    expect(read.map(({ height }) => height)).toEqual([...heights.slice(1), 251]);
  });

  it.each([
    ['no height', [], '[]'],
    ['a height left out', [4, 6], '[4, 6]'],
    ['heights that descend', [5, 4], '[5, 4]'],
    ['a height twice', [4, 4], '[4, 4]'],
  ])('refuses %s in a row', (_, heights, told) => {
    expect(() =>
      coverageWrite(
        CHAIN,
        heights.map((height) => coveredBlock(height)),
      ),
    ).toThrow(expect.objectContaining({ code: 'coverage-stretch', message: expect.stringContaining(told) }));
  });

  it('reads back exactly what was stored, however it was split and whatever was left out (property)', async () => {
    const length = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 50 }));
    const parts = fc.array(fc.record({ isCovered: fc.boolean(), length }), { maxLength: 30 });
    const range = fc.record({ skip: fc.nat(200), take: fc.integer({ min: -1, max: 800 }) });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 2_000 }), parts, range, async (start, split, { skip, take }) => {
        const stretches: number[][] = [];
        let next = start;
        for (const { isCovered, length } of split) {
          if (isCovered) stretches.push(Array.from({ length }, (_, i) => next + i));
          next += length;
        }
        const store = await storeOf(stretches);
        const [from, to] = [start + skip - 1, start + skip - 1 + take];
        const expected = stretches.flat().filter((height) => height >= from && height <= to);
        const read = await Array.fromAsync(coverageBetween(store, CHAIN, from, to));
        expect(read).toEqual(expected.map((height) => ({ ...coveredBlock(height), version: 1 })));
        const isRead = stretches.flat().includes(from);
        expect((await coverageAt(store, CHAIN, from))?.height).toBe(isRead ? from : undefined);
      }),
      { numRuns: 100 },
    );
  });
});
