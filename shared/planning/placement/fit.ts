import type { Segments } from '../segments.ts';
import type { Machine } from '../swarm.ts';
import { needOf } from './cuts.ts';

/** Up to so many machines, all their subsets are tried. */
export const EXACT_MACHINES = 10;

/** The position after the last node that a machine can hold together with all from position l on. */
export const reach = (segments: Segments, l: number, memoryBytes: number): number => {
  let [fits, tooFar] = [l, segments.n + 1];
  while (tooFar - fits > 1) {
    const r = Math.floor((fits + tooFar) / 2);
    if (needOf(segments, l, r - 1) <= memoryBytes) fits = r;
    else tooFar = r;
  }
  return fits;
};

export interface Fit {
  /** How many positions from the first on the machines can hold together: n when the model fits. */
  readonly to: number;
  /** Where the stages of that placement end. */
  readonly ends: readonly number[];
}

/**
 * Can these machines hold the model at all, whatever the time? What a stage needs never falls when it grows, so it is
 * enough to know how far each set of machines gets. Exact up to {@link EXACT_MACHINES}; for more, the largest machines
 * go first, which may miss a placement that barely fits.
 */
export const furthest = (segments: Segments, machines: readonly Machine[], maxStages: number): Fit =>
  machines.length <= EXACT_MACHINES ? bySubsets(segments, machines, maxStages) : bySize(segments, machines, maxStages);

const bySize = (segments: Segments, machines: readonly Machine[], maxStages: number): Fit => {
  const ends: number[] = [];
  for (const { memoryBytes } of machines.toSorted((a, b) => b.memoryBytes - a.memoryBytes).slice(0, maxStages)) {
    const from = ends.at(-1) ?? 0;
    const to = reach(segments, from, memoryBytes);
    if (to > from) ends.push(to);
    if (to === segments.n) break;
  }
  return { to: ends.at(-1) ?? 0, ends };
};

const NOTHING: Fit = { to: 0, ends: [] };

const bySubsets = (segments: Segments, machines: readonly Machine[], maxStages: number): Fit => {
  const fits: Fit[] = [NOTHING];
  let best = NOTHING;
  for (let mask = 1; mask < 1 << machines.length && best.to < segments.n; mask += 1) {
    let far = NOTHING;
    for (const [m, { memoryBytes }] of machines.entries()) {
      const before = fits[mask & ~(1 << m)];
      if ((mask & (1 << m)) === 0 || !before || bitsOf(mask) > maxStages) continue;
      const to = reach(segments, before.to, memoryBytes);
      if (to > far.to) far = to > before.to ? { to, ends: [...before.ends, to] } : before;
    }
    fits.push(far);
    if (far.to > best.to) best = far;
  }
  return best;
};

/** How many machines a set has. */
export const bitsOf = (mask: number): number => {
  let [rest, bits] = [mask, 0];
  for (; rest > 0; rest &= rest - 1) bits += 1;
  return bits;
};
