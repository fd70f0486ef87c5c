import { expect, it } from 'vitest';
import { crashMatrix, SPINE_CALLS } from './crash-matrix.ts';

it('ends the same when the process dies after the effect of any port call', { timeout: 1_200_000 }, async () => {
  const { points, names, differences } = await crashMatrix({ nodes: 2 }, 'after');
  process.stdout.write(`crash points after an effect: ${points}, differences: ${differences.length}\n`);
  expect(differences).toEqual([]);
  expect([...names].sort()).toEqual(SPINE_CALLS);
});
