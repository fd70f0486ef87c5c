import { BadInputError } from '../errors.ts';
import { checkSwarm } from './check-swarm.ts';
import type { WorkGraph } from './graph.ts';
import { assign, type Placed } from './placement/assign.ts';
import { type Segments, segmentsOf } from './segments.ts';
import { sum } from './sum.ts';
import type { Machine, Swarm } from './swarm.ts';
import { msInWords } from './words.ts';

/** New over old bottleneck: stages move only below it (Petals, `balance_quality`; sharding.md 2.1). */
export const REBALANCE_BELOW = 0.75;
/** What is predicted counts so much more, so that equal placements do not take turns (Petals, its `eps`). */
export const TIE_MARGIN = 1e-3;

/** One of the model's fixed stages, in their order. */
export interface MeasuredStage {
  /** Of one run on the machine that it is on now. */
  readonly ms: number;
  /**
   * At speed 1, by the profile. Then a machine is as fast as its stages show, whatever it says; without it, a stage
   * takes what it took here, and a machine that has become slow looks like stages that have become long.
   */
  readonly profileMs?: number | undefined;
  readonly weightBytes: number;
  /** Most activations alive at once, what comes in and goes out included. */
  readonly peakBytes: number;
}

export interface RebalanceFacts {
  readonly stages: readonly MeasuredStage[];
  /** Bytes between each two stages: one fewer than stages. */
  readonly boundaryBytes: readonly number[];
  /** Per stage the index of its machine; a machine has stages in a row, or none. */
  readonly assignment: readonly number[];
  /** Speeds as stated: used for machines that run nothing now. */
  readonly swarm: Swarm;
}

export interface Rebalance {
  readonly move: boolean;
  /** Of the whole pipeline as measured: the slowest machine, its links included. */
  readonly presentMs: number;
  /** Of the best placement found; undefined when none fits. */
  readonly predictedMs: number | undefined;
  /** Runs of stages `from` to `to - 1`, before and after; equal when nothing moves. */
  readonly before: readonly Placed[];
  readonly after: readonly Placed[];
  /** In words, with boundaries and gain. */
  readonly because: string;
}

const refuse = (message: string): BadInputError =>
  new BadInputError('rebalance-invalid', message, { next: 'correct what was measured' });

const runsOf = (assignment: readonly number[]): readonly Placed[] => {
  const starts = assignment.flatMap((machine, from) => (machine === assignment[from - 1] ? [] : [{ machine, from }]));
  return starts.map((start, i) => ({ ...start, to: starts[i + 1]?.from ?? assignment.length }));
};

const check = ({ stages, boundaryBytes, assignment, swarm }: RebalanceFacts): void => {
  checkSwarm(swarm);
  const counts = `${stages.length} stages, ${boundaryBytes.length} boundaries and ${assignment.length} machines of them`;
  if (stages.length === 0 || boundaryBytes.length !== stages.length - 1 || assignment.length !== stages.length) {
    throw refuse(`${counts}: allowed are n from 1 on, n - 1 and n`);
  }
  for (const [i, stage] of stages.entries()) {
    for (const [field, value] of Object.entries(stage)) {
      if (value !== undefined && !(value >= 0 && Number.isFinite(value))) {
        throw refuse(`stage ${i} has ${field} ${value}, allowed are finite numbers from 0`);
      }
    }
  }
  const bad = boundaryBytes.find((bytes) => !(bytes >= 0 && Number.isFinite(bytes)));
  if (bad !== undefined) throw refuse(`a boundary of ${bad} bytes, allowed are finite numbers from 0`);
  const runs = runsOf(assignment).map(({ machine }) => machine);
  const odd = runs.find((machine, i) => !swarm.machines[machine] || runs.indexOf(machine) !== i);
  if (odd !== undefined) {
    throw refuse(
      swarm.machines[odd] ? `machine ${odd} has stages that are not in a row` : `there is no machine ${odd}`,
    );
  }
};

/** Stages as the nodes of a chain. What a stage needs beyond its ends lives while it runs, as a tensor that nobody reads. */
const chainOf = (stages: readonly MeasuredStage[], workMs: readonly number[], boundaryBytes: readonly number[]) => {
  const between = boundaryBytes.map((sizeBytes, i) => {
    return { name: `boundary ${i}`, sizeBytes, producer: i, consumers: [i + 1], isOutput: false };
  });
  const scratch = stages.map(({ peakBytes }, i) => {
    const sizeBytes = Math.max(0, peakBytes - (boundaryBytes[i - 1] ?? 0) - (boundaryBytes[i] ?? 0));
    return { name: `inside ${i}`, sizeBytes, producer: i, consumers: [], isOutput: false };
  });
  const graph: WorkGraph = {
    nodes: workMs.map((timeMs, i) => ({ name: `stage ${i}`, timeMs })),
    tensors: [...between, ...scratch],
    weights: stages.map(({ weightBytes }, i) => ({ name: `weights ${i}`, sizeBytes: weightBytes, users: [i] })),
  };
  return graph;
};

/** Machines as fast as their stages show, and work at speed 1. */
const calibrated = ({ stages, assignment, swarm }: RebalanceFacts) => {
  const profiled = stages.every(({ profileMs }) => profileMs !== undefined);
  const machines = swarm.machines.map((machine, m): Machine => {
    const own = stages.filter((_, i) => assignment[i] === m);
    const [measuredMs, profileMs] = [sum(own.map(({ ms }) => ms)), sum(own.map((stage) => stage.profileMs ?? 0))];
    return profiled && measuredMs > 0 && profileMs > 0 ? { ...machine, speed: profileMs / measuredMs } : machine;
  });
  const workMs = stages.map(({ ms, profileMs }, i) =>
    profiled ? (profileMs ?? 0) : ms * (machines[assignment[i] ?? -1]?.speed ?? 1),
  );
  return { swarm: { ...swarm, machines }, workMs };
};

/** The slowest of the present machines, charged as `assign` charges throughput. */
const bottleneckOf = (runs: readonly Placed[], { stages, boundaryBytes, swarm }: RebalanceFacts): number => {
  const movesMs = (boundary: number, from: Placed | undefined, to: Placed | undefined): number =>
    from && to ? (boundaryBytes[boundary] ?? 0) / (swarm.links[from.machine]?.[to.machine]?.bytesPerMs ?? 1) : 0;
  const busy = runs.map(
    (run, i) =>
      sum(stages.slice(run.from, run.to).map(({ ms }) => ms)) +
      movesMs(run.from - 1, runs[i - 1], run) +
      movesMs(run.to - 1, run, runs[i + 1]),
  );
  return Math.max(...busy);
};

const inWords = (runs: readonly Placed[], { machines }: Swarm): string =>
  runs
    .map(({ machine, from, to }) => {
      const stages = to - from === 1 ? `stage ${from}` : `stages ${from} to ${to - 1}`;
      return `${stages} on ${machines[machine]?.name}`;
    })
    .join(', ');

/**
 * Whether stages should move to other machines: only when the slowest machine of the best placement that fits takes less
 * than 0.75 of what the slowest takes now, tie margin included. Stages stay whole and in order; a machine may run
 * several in a row or none.
 * @throws {BadInputError} `rebalance-invalid` or `swarm-invalid`, saying what was received
 */
export const rebalance = (facts: RebalanceFacts): Rebalance => {
  check(facts);
  const { stages, boundaryBytes, assignment } = facts;
  const before = runsOf(assignment);
  const { swarm, workMs } = calibrated(facts);
  const graph = chainOf(stages, workMs, boundaryBytes);
  const order = stages.map((_, i) => i);
  const segments: Segments = segmentsOf(graph, order, 'relayed');
  const found = assign(segments, swarm, { objective: 'throughput' });
  const presentMs = bottleneckOf(before, facts);
  const stay = { move: false, presentMs, predictedMs: found?.costMs, before, after: before } as const;
  if (!found) return { ...stay, because: 'no other placement fits the memories of these machines' };
  const ratio = (found.costMs * (1 + TIE_MARGIN)) / presentMs;
  const gain = `the slowest would take ${msInWords(found.costMs)} instead of ${msInWords(presentMs)}`;
  if (!(ratio < REBALANCE_BELOW)) {
    return { ...stay, because: `${gain}: not below ${REBALANCE_BELOW} of it, so nothing moves` };
  }
  const after = found.stages;
  const moves = `from ${inWords(before, swarm)} to ${inWords(after, swarm)}`;
  return { ...stay, move: true, after, because: `${gain}: ${moves}` };
};
