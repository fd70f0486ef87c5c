import { quantile } from '../../shared/planning/quantile.ts';
import { rebalance } from '../../shared/planning/rebalance.ts';
import { sum } from '../../shared/planning/sum.ts';
import type { Swarm } from '../../shared/planning/swarm.ts';

/** The worker of each stage of a model, by its number of stages. */
export type Assignment = (stages: number) => readonly number[];

/** One stage of one run that has ended well. */
export interface StageRun {
  /** Hash of its manifest. */
  readonly model: string;
  readonly stages: number;
  readonly stage: number;
  readonly worker: number;
  readonly computeMs: number;
  /** What the stage handed on. */
  readonly outputBytes: number;
}

/** Runs that start from now on go to other workers. */
export interface Moved {
  readonly model: string;
  /** Per stage its worker. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** In words, with the gain expected. */
  readonly because: string;
}

export interface AssignmentsOptions {
  readonly workers: number;
  /** Where a model's stages are at first. One that has a worker's stages apart from each other is left as it is. */
  readonly initial: Assignment;
  /** Between each two workers. */
  readonly bytesPerMs: number;
}

export interface Assignments {
  /** Per stage its worker, for a run that starts now. */
  of(model: string, stages: number): readonly number[];
  /** @returns the move, if this run shows that one is worth it */
  observe(run: StageRun): Moved | undefined;
  /** Another worker has taken this one's place: how fast it is has yet to show. */
  forget(worker: number): void;
}

type Sample = Pick<StageRun, 'computeMs' | 'outputBytes'>;

/** Of one model: what is known of each stage by worker, former ones included. */
interface ModelState {
  assignment: readonly number[];
  readonly fixed: boolean;
  readonly samples: readonly Map<number, Sample[]>[];
  /** Runs of each stage on its present worker since the last look. */
  readonly fresh: number[];
  /** Fresh runs of each stage before the next look. */
  lookAfter: number;
}

const WINDOW = 16;
/** The median of so many is not moved by the first run on a worker, which loads the graph. */
const ENOUGH = 8;
/** Each move doubles the runs before the next look, up to so many: a load that makes stages take turns moves them ever less often. */
const MAX_LOOK_AFTER = 256;
/** The workers' clock counts whole milliseconds. */
const MIN_GAIN_MS = 1;

const inARow = (assignment: readonly number[]): boolean => {
  const starts = assignment.filter((worker, i) => worker !== assignment[i - 1]);
  return new Set(starts).size === starts.length;
};

const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Decides between runs which worker runs which stage, from what the last runs took. Knows no clock. */
export const openAssignments = ({ workers, initial, bytesPerMs }: AssignmentsOptions): Assignments => {
  const models = new Map<string, ModelState>();

  const stateOf = (model: string, stages: number): ModelState => {
    const key = `${model}/${stages}`;
    const known = models.get(key);
    if (known) return known;
    const assignment = initial(stages);
    const state: ModelState = {
      assignment,
      fixed: !inARow(assignment),
      samples: Array.from({ length: stages }, () => new Map()),
      fresh: Array<number>(stages).fill(0),
      lookAfter: ENOUGH,
    };
    models.set(key, state);
    return state;
  };

  const look = (model: string, state: ModelState): Moved | undefined => {
    state.fresh.fill(0);
    const { assignment: before, samples } = state;
    const facts = { ...measured(state), assignment: before, swarm: swarmOf(samples, workers, bytesPerMs) };
    const { move, presentMs, predictedMs = presentMs, after: placed, because } = rebalance(facts);
    if (!move || presentMs - predictedMs < MIN_GAIN_MS) return undefined;
    const after = placed.flatMap(({ machine, from, to }) => Array<number>(to - from).fill(machine));
    for (const [stage, worker] of after.entries()) {
      // What it took there before may be of other times.
      if (worker !== before[stage]) samples[stage]?.delete(worker);
    }
    state.assignment = after;
    state.lookAfter = Math.min(2 * state.lookAfter, MAX_LOOK_AFTER);
    return { model, before, after, because };
  };

  return {
    of: (model, stages) => stateOf(model, stages).assignment,
    observe: ({ model, stages, stage, worker, computeMs, outputBytes }) => {
      const state = stateOf(model, stages);
      const { assignment, samples, fresh, fixed } = state;
      const before = samples[stage]?.get(worker) ?? [];
      samples[stage]?.set(worker, [...before, { computeMs, outputBytes }].slice(-WINDOW));
      if (assignment[stage] === worker) fresh[stage] = (fresh[stage] ?? 0) + 1;
      return fixed || fresh.some((runs) => runs < state.lookAfter) ? undefined : look(model, state);
    },
    forget: (worker) => {
      for (const { assignment, samples, fresh } of models.values()) {
        for (const [stage, byWorker] of samples.entries()) {
          byWorker.delete(worker);
          if (assignment[stage] === worker) fresh[stage] = 0;
        }
      }
    },
  };
};

/** Of a worker that has shown it; an idle one's former times count as well. */
const msOf = (byWorker: ReadonlyMap<number, readonly Sample[]>, worker: number): number | undefined => {
  const samples = byWorker.get(worker) ?? [];
  return samples.length < ENOUGH ? undefined : median(samples.map(({ computeMs }) => computeMs));
};

/** The median over the workers that ran it: tells a slow worker from a long stage where more than one did. */
const profileMsOf = (byWorker: ReadonlyMap<number, readonly Sample[]>): number =>
  median([...byWorker.keys()].flatMap((worker) => msOf(byWorker, worker) ?? []));

const measured = ({ assignment, samples }: ModelState) => {
  const present = samples.map((byWorker, stage) => byWorker.get(assignment[stage] ?? 0) ?? []);
  return {
    stages: samples.map((byWorker, stage) => ({
      ms: median((present[stage] ?? []).map(({ computeMs }) => computeMs)),
      profileMs: profileMsOf(byWorker),
      // All workers share one memory: a move leaves the sum as it is.
      weightBytes: 0,
      peakBytes: 0,
    })),
    boundaryBytes: present.slice(0, -1).map((runs) => median(runs.map(({ outputBytes }) => outputBytes))),
  };
};

const swarmOf = (samples: ModelState['samples'], workers: number, bytesPerMs: number): Swarm => {
  const link = { latencyMs: 0, bytesPerMs };
  const indices = Array.from({ length: workers }, (_, i) => i);
  return {
    machines: indices.map((worker) => ({
      name: `worker ${worker}`,
      speed: speedOf(samples, worker),
      memoryBytes: Number.MAX_SAFE_INTEGER,
    })),
    links: indices.map(() => indices.map(() => link)),
  };
};

/** By all that it ran; as fast as the others when that says nothing. */
const speedOf = (samples: ModelState['samples'], worker: number): number => {
  const known = samples.flatMap((byWorker) => {
    const ms = msOf(byWorker, worker);
    return ms === undefined ? [] : [{ ms, profileMs: profileMsOf(byWorker) }];
  });
  const [ms, profileMs] = [sum(known.map((stage) => stage.ms)), sum(known.map((stage) => stage.profileMs))];
  return ms > 0 && profileMs > 0 ? profileMs / ms : 1;
};
