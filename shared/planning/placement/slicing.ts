import type { Swarm } from '../swarm.ts';
import type { CutTable } from './cuts.ts';

/**
 * What a placement makes small. `throughput`: the slowest stage, where a stage is busy for its compute and for moving
 * its bytes in over the link from the stage before and out over the link to the next. So a hand-over of b bytes is
 * charged b / bandwidth to both its ends, and latency to neither, since requests follow each other. `latency`: of one
 * request, the sum of all compute and, once per hop, of the link's latency and b / bandwidth. The asker's own link
 * counts for neither.
 */
export type Objective = 'throughput' | 'latency';

/** Milliseconds by cut: what a stage pays for starting (ending) there. */
export type Charge = Float64Array;

export interface Charges {
  readonly objective: Objective;
  readonly table: CutTable;
  readonly swarm: Swarm;
  readonly none: Charge;
  /** What everything behind a cut adds to a cost at least: for latency, the rest on the fastest machine. */
  readonly restMs: Charge;
  /** To the stage that starts at a cut, for its bytes from the machine before. */
  entry(from: number, to: number): Charge;
  /** To the stage that ends at a cut, for its bytes to the next machine. */
  exit(from: number, to: number): Charge;
}

/** Charges of equal links are one array, so that callers may tell equal links by identity. */
export const chargesOf = (table: CutTable, swarm: Swarm, objective: Objective): Charges => {
  const known = new Map<string, Charge>();
  const none = new Float64Array(table.at.length);
  const hop = (from: number, to: number): Charge => {
    const { latencyMs = 0, bytesPerMs = 1 } = swarm.links[from]?.[to] ?? {};
    const fixedMs = objective === 'latency' ? latencyMs : 0;
    const key = `${fixedMs} ${bytesPerMs}`;
    const charge = known.get(key) ?? table.acrossBytes.map((bytes) => fixedMs + bytes / bytesPerMs);
    known.set(key, charge);
    return charge;
  };
  const byPair = swarm.machines.map((_, from) => swarm.machines.map((_, to) => (from === to ? none : hop(from, to))));
  const entry = (from: number, to: number): Charge => byPair[from]?.[to] ?? none;
  const fastest = Math.max(...swarm.machines.map(({ speed }) => speed));
  const all = table.workMs.at(-1) ?? 0;
  const restMs = objective === 'latency' ? table.workMs.map((ms) => (all - ms) / fastest) : none;
  return { objective, table, swarm, none, restMs, entry, exit: objective === 'latency' ? () => none : entry };
};

/** Best cost of everything before a cut, by cut; Infinity where none is possible. */
export type Costs = Float64Array;

export const noCosts = (size: number): Costs => new Float64Array(size).fill(Number.POSITIVE_INFINITY);
/** Before the first stage. */
export const startCosts = (size: number): Costs => noCosts(size).fill(0, 0, 1);

/** One more stage, wherever it starts and ends. */
export interface Step {
  readonly machine: number;
  readonly before: Costs;
  readonly entry: Charge;
  readonly exit: Charge;
}

/**
 * Costs after one more stage: `after[b] = min over a < b of join(before[a], stage(a, b))`, where join is the larger of
 * both for throughput and the sum for latency (sharding.md 1.2 and 5.2). O(cuts^2), less where memory or `limit` end a
 * stage: what leads to `limit` or more may stay Infinity.
 * @param after is lowered in place
 * @returns whether anything was
 */
export const relax = (charges: Charges, step: Step, limit: number, after: Costs, firstEnd = 1): boolean => {
  const { table, objective, swarm, restMs } = charges;
  const { workMs, needBytes } = table;
  const { before, entry, exit } = step;
  const { speed = 1, memoryBytes = 0 } = swarm.machines[step.machine] ?? {};
  const size = workMs.length;
  const sum = objective === 'latency';
  let lowered = false;
  for (let b = firstEnd; b < size; b += 1) {
    const [workAtEnd, exitMs] = [workMs[b] as number, exit[b] as number];
    let best = Math.min(limit - (restMs[b] as number), after[b] as number);
    for (let a = b - 1; a >= 0 && (needBytes[b * size + a] as number) <= memoryBytes; a -= 1) {
      const leastMs = (workAtEnd - (workMs[a] as number)) / speed + exitMs;
      if (leastMs >= best) break;
      const cost = before[a] as number;
      const stageMs = leastMs + (entry[a] as number);
      const all = sum ? cost + stageMs : Math.max(cost, stageMs);
      if (all < best) {
        best = all;
        after[b] = all;
        lowered = true;
      }
    }
  }
  return lowered;
};

/** The latest start of a stage that ends at cut b with that cost, or undefined when this step does not give it. */
export const startOf = (charges: Charges, step: Step, b: number, costMs: number): number | undefined => {
  const { table, objective, swarm } = charges;
  const { speed = 1, memoryBytes = 0 } = swarm.machines[step.machine] ?? {};
  const size = table.at.length;
  for (let a = b - 1; a >= 0 && (table.needBytes[b * size + a] ?? 0) <= memoryBytes; a -= 1) {
    // In the very order of relax: the sums must be equal to the last bit.
    const leastMs = ((table.workMs[b] ?? 0) - (table.workMs[a] ?? 0)) / speed + (step.exit[b] ?? 0);
    const stageMs = leastMs + (step.entry[a] ?? 0);
    const before = step.before[a] ?? Number.POSITIVE_INFINITY;
    if ((objective === 'latency' ? before + stageMs : Math.max(before, stageMs)) <= costMs) return a;
  }
  return undefined;
};

/** Consecutive cuts `from` to `to` on one machine. */
export interface Run {
  readonly machine: number;
  readonly from: number;
  readonly to: number;
}

export interface Sliced {
  readonly costMs: number;
  readonly runs: readonly Run[];
}

/**
 * The best slicing for machines in this order, each with at least one node (sharding.md 1.2, uneven machines).
 * @returns undefined when nothing below `limit` fits
 */
export const sliceChain = (charges: Charges, chain: readonly number[], limit: number): Sliced | undefined => {
  const size = charges.table.at.length;
  const steps: Step[] = [];
  let before = startCosts(size);
  for (const [i, machine] of chain.entries()) {
    const [previous, next] = [chain[i - 1], chain[i + 1]];
    const step: Step = {
      machine,
      before,
      entry: previous === undefined ? charges.none : charges.entry(previous, machine),
      exit: next === undefined ? charges.none : charges.exit(machine, next),
    };
    steps.push(step);
    before = noCosts(size);
    relax(charges, step, limit, before, next === undefined ? size - 1 : i + 1);
  }
  const costMs = before[size - 1] ?? Number.POSITIVE_INFINITY;
  if (!(costMs < limit)) return undefined;
  const runs: Run[] = [];
  let [to, upTo] = [size - 1, costMs];
  for (const step of steps.toReversed()) {
    const from = startOf(charges, step, to, upTo) ?? 0;
    runs.unshift({ machine: step.machine, from, to });
    upTo = step.before[from] ?? 0;
    to = from;
  }
  return { costMs, runs };
};
