import { bitsOf } from './fit.ts';
import {
  type Charge,
  type Charges,
  type Costs,
  noCosts,
  type Run,
  relax,
  type Sliced,
  type Step,
  startCosts,
  startOf,
} from './slicing.ts';

/** Costs of a set of machines with its last one, by what that one pays for handing on. */
type Left = ReadonlyMap<Charge, Costs>;

/** By set and last machine. */
type Known = readonly (readonly (Left | undefined)[])[];

interface Final {
  readonly mask: number;
  readonly last: number;
  readonly costMs: number;
}

/**
 * The best placement over all subsets of the machines in all orders: a dynamic programme over sets of machines with
 * the last one and, for throughput, the link by which it is left (sharding.md 5.2). Equal links are one case, so it is
 * O(2^k * k * links in * links out * cuts^2), where links are those of one machine that differ.
 * @param limit a cost that is known to be possible: only what is cheaper is searched
 * @returns undefined when nothing is cheaper than `limit`
 */
export const bestSubset = (charges: Charges, maxStages: number, limit: number): Sliced | undefined => {
  const machines = charges.swarm.machines.map((_, m) => m);
  const end = charges.table.at.length - 1;
  const known: (Left | undefined)[][] = [];
  let best: Final = { mask: 0, last: -1, costMs: limit };
  for (const mask of smallestFirst(machines.length)) {
    const lefts: (Left | undefined)[] = [];
    known[mask] = lefts;
    const stages = bitsOf(mask);
    if (stages > Math.min(maxStages, end)) continue;
    const others = stages < maxStages ? machines.filter((m) => (mask & (1 << m)) === 0) : [];
    for (const last of machines.filter((m) => mask & (1 << m))) {
      const exits = new Set(others.map((next) => charges.exit(last, next)));
      const left = leave(charges, known, mask, last, exits.size > 0 ? exits : new Set([charges.none]), best.costMs);
      lefts[last] = left;
      for (const costs of left.values()) {
        // Nothing is handed on at the end, so any exit tells what ending here costs.
        const costMs = costs[end] ?? Number.POSITIVE_INFINITY;
        if (costMs < best.costMs) best = { mask, last, costMs };
      }
    }
  }
  return best.mask === 0 ? undefined : trace(charges, known, best);
};

/** Sets by size: of placements that cost the same, the one with the fewest stages is found first. */
const smallestFirst = (machines: number): readonly number[] =>
  Array.from({ length: (1 << machines) - 1 }, (_, i) => i + 1).sort((a, b) => bitsOf(a) - bitsOf(b) || a - b);

/** What a stage on `last` may follow when the machines of `mask` are used by then, one entry for each differing link. */
const entries = (charges: Charges, known: Known, mask: number, last: number): Map<Charge, Costs> => {
  const size = charges.table.at.length;
  const before = mask & ~(1 << last);
  if (before === 0) return new Map([[charges.none, startCosts(size)]]);
  const merged = new Map<Charge, Costs>();
  for (const [previous, left] of (known[before] ?? []).entries()) {
    const costs = left?.get(charges.exit(previous, last));
    if (!costs) continue;
    const entry = charges.entry(previous, last);
    const other = merged.get(entry);
    merged.set(entry, other ? other.map((cost, b) => Math.min(cost, costs[b] ?? cost)) : costs);
  }
  return merged;
};

const leave = (
  charges: Charges,
  known: Known,
  mask: number,
  last: number,
  exits: ReadonlySet<Charge>,
  limit: number,
): Left => {
  const before = entries(charges, known, mask, last);
  const firstEnd = leastDone(charges, mask, limit);
  const left = new Map<Charge, Costs>();
  for (const exit of exits) {
    const after = noCosts(charges.table.at.length);
    let any = false;
    for (const [entry, costs] of before) {
      any = relax(charges, { machine: last, before: costs, entry, exit }, limit, after, firstEnd) || any;
    }
    if (any) left.set(exit, after);
  }
  return left;
};

/** For throughput: the first cut behind which the machines that are left can compute all below the limit. */
const leastDone = ({ objective, swarm, table }: Charges, mask: number, limit: number): number => {
  if (objective === 'latency') return 1;
  const speed = swarm.machines.reduce((all, one, m) => (mask & (1 << m) ? all : all + one.speed), 0);
  const all = table.workMs.at(-1) ?? 0;
  return Math.max(
    1,
    table.workMs.findIndex((ms) => all - ms <= speed * limit),
  );
};

const trace = (charges: Charges, known: Known, final: Final): Sliced => {
  const runs: Run[] = [];
  let { mask, last, costMs } = final;
  let to = charges.table.at.length - 1;
  // The asker's side: nothing is paid for leaving the last stage, whichever exit its costs were kept under.
  let exit = charges.none;
  while (mask !== 0) {
    const before = mask & ~(1 << last);
    const found = predecessor(charges, known, { before, last, exit, to, costMs });
    runs.unshift({ machine: last, from: found.from, to });
    [mask, to, costMs] = [before, found.from, found.costMs];
    if (found.previous === undefined) break;
    exit = charges.exit(found.previous, last);
    last = found.previous;
  }
  return { costMs: final.costMs, runs };
};

interface Sought {
  readonly before: number;
  readonly last: number;
  readonly exit: Charge;
  readonly to: number;
  readonly costMs: number;
}

/** Which machine went before, and where the stage of `last` starts, so that its cost is the one sought. */
const predecessor = (
  charges: Charges,
  known: Known,
  sought: Sought,
): { readonly previous: number | undefined; readonly from: number; readonly costMs: number } => {
  const { before, last, exit, to, costMs } = sought;
  const tried: readonly { previous: number | undefined; entry: Charge; costs: Costs | undefined }[] =
    before === 0
      ? [{ previous: undefined, entry: charges.none, costs: startCosts(charges.table.at.length) }]
      : [...(known[before] ?? []).entries()].map(([previous, left]) => ({
          previous,
          entry: charges.entry(previous, last),
          costs: left?.get(charges.exit(previous, last)),
        }));
  for (const { previous, entry, costs } of tried) {
    if (!costs) continue;
    const step: Step = { machine: last, before: costs, entry, exit };
    const from = startOf(charges, step, to, costMs);
    if (from !== undefined) return { previous, from, costMs: costs[from] ?? 0 };
  }
  // Every cost kept came from one of these.
  return { previous: undefined, from: 0, costMs: 0 };
};
