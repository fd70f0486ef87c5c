import { expect, it } from 'vitest';
import { crashMatrix, SPINE_CALLS } from './crash-matrix.ts';

it('ends the same when the process dies after the effect of any port call', { timeout: 600_000 }, async ({
  annotate,
}) => {
  const { points, names, differences } = await crashMatrix({ nodes: 2 }, 'after');
  await annotate(`crash points after an effect: ${points}, differences: ${differences.length}`);
  expect(differences).toEqual([]);
  expect([...names].sort()).toEqual(SPINE_CALLS);
});
