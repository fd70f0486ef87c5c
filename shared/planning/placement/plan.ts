import { BadInputError } from '../../errors.ts';
import { checkSwarm } from '../check-swarm.ts';
import type { WorkGraph } from '../graph.ts';
import { type Segments, segmentsOf } from '../segments.ts';
import { sum } from '../sum.ts';
import type { Swarm } from '../swarm.ts';
import { msInWords } from '../words.ts';
import { adviceFor } from './advice.ts';
import { type Assignment, assign } from './assign.ts';
import { type BoundOf, boundMs } from './bounds.ts';
import { needOf } from './cuts.ts';
import type { Plan, PlannedLink, PlannedStage } from './planned.ts';
import { type Refused, refusal } from './refusal.ts';
import type { Objective } from './slicing.ts';

export interface PlanOptions {
  readonly objective: Objective;
  /** Most stages; as many as machines unless given. */
  readonly maxStages?: number | undefined;
  /** Topological orders to place, the best wins; the stored order of the graph unless given. */
  readonly orders?: readonly (readonly number[])[] | undefined;
  /** A stronger bound than the plain ones, for throughput. */
  readonly boundOf?: BoundOf | undefined;
}

interface Placing {
  readonly order: readonly number[];
  readonly segments: Segments;
  readonly found: Assignment | undefined;
}

/**
 * The placement preview: where each node of a model would run, how fast that would be, and how good it is.
 * @throws {BadInputError} `swarm-invalid`; `graph-empty`; `stages-invalid` for a `maxStages` that is not a whole number
 *   from 1 on; `orders-invalid` for orders of another length
 */
export const planPlacement = (graph: WorkGraph, swarm: Swarm, options: PlanOptions): Plan | Refused => {
  checkSwarm(swarm);
  const orders = checkedOrders(graph, options.orders);
  const maxStages = Math.min(swarm.machines.length, checkedStages(options.maxStages ?? swarm.machines.length));
  const { objective, boundOf } = options;
  const tried = orders.map((order): Placing => {
    const segments = segmentsOf(graph, order, 'relayed');
    return { order, segments, found: assign(segments, swarm, { objective, maxStages }) };
  });
  const best = tried.reduce((a, b) => (costOf(b) < costOf(a) ? b : a));
  if (!best.found) return refusal(graph, best.order, best.segments, swarm, maxStages);

  const stages = stagesOf(best.order, best.segments, swarm, best.found);
  const links = linksOf(best.segments, swarm, best.found);
  const bottleneckMs = Math.max(...stages.map(busyMs));
  const latencyMs = sum(stages.map(({ computeMs }) => computeMs)) + sum(links.map(({ ms }) => ms));
  const least = boundMs(graph, swarm, objective, maxStages, boundOf);
  const costMs = objective === 'throughput' ? bottleneckMs : latencyMs;
  const oneMachine = fastestAlone(tried, swarm);
  const plan = {
    kind: 'plan',
    objective,
    search: best.found.search,
    cuts: best.found.cuts,
    stages,
    links,
    bottleneckMs,
    bottleneckAt: bottleneckInWords(stages),
    latencyMs,
    throughputPerS: 1000 / bottleneckMs,
    boundMs: least,
    // Sums in another order may be apart in the last bit.
    gap: costMs <= least ? 1 : costMs / least,
    oneMachine,
  } as const;
  return { ...plan, advice: adviceFor(plan, best.segments, swarm, maxStages) };
};

const costOf = ({ found }: Placing): number => found?.costMs ?? Number.POSITIVE_INFINITY;
const busyMs = ({ computeMs, inMs, outMs }: PlannedStage): number => computeMs + inMs + outMs;

const checkedStages = (maxStages: number): number => {
  if (Number.isInteger(maxStages) && maxStages >= 1) return maxStages;
  throw new BadInputError('stages-invalid', `at most ${maxStages} stages: allowed are whole numbers from 1 on`);
};

const checkedOrders = (graph: WorkGraph, orders: PlanOptions['orders']): readonly (readonly number[])[] => {
  const n = graph.nodes.length;
  if (n === 0) throw new BadInputError('graph-empty', 'the graph has no nodes, at least 1 is needed');
  if (!orders || orders.length === 0) return [graph.nodes.map((_, node) => node)];
  const odd = orders.find((order) => new Set(order).size !== n || order.length !== n);
  if (!odd) return orders;
  const message = `an order names ${new Set(odd).size} nodes in ${odd.length} places, the graph has ${n}`;
  throw new BadInputError('orders-invalid', message, { next: 'give each node once' });
};

const stagesOf = (
  order: readonly number[],
  segments: Segments,
  swarm: Swarm,
  { stages }: Assignment,
): readonly PlannedStage[] =>
  stages.map(({ machine, from, to }, i) => {
    const { n, workMs, inBytes, outBytes, weightBytes, peakBytes } = segments;
    const { name = '?', speed = 1, memoryBytes = 0 } = swarm.machines[machine] ?? {};
    const [before, after] = [stages[i - 1], stages[i + 1]];
    const at = from * n + to - 1;
    const movesMs = (bytes: number, a: number, b: number): number => bytes / (swarm.links[a]?.[b]?.bytesPerMs ?? 1);
    return {
      machine: name,
      nodes: order.slice(from, to),
      computeMs: ((workMs[to] ?? 0) - (workMs[from] ?? 0)) / speed,
      inMs: before ? movesMs(inBytes[at] ?? 0, before.machine, machine) : 0,
      outMs: after ? movesMs(outBytes[at] ?? 0, machine, after.machine) : 0,
      weightBytes: weightBytes[at] ?? 0,
      peakBytes: peakBytes[at] ?? 0,
      memoryBytes,
    };
  });

const linksOf = ({ n, inBytes }: Segments, swarm: Swarm, { stages }: Assignment): readonly PlannedLink[] =>
  stages.slice(1).map(({ machine, from }, i) => {
    const before = stages[i]?.machine ?? -1;
    const { latencyMs = 0, bytesPerMs = 1 } = swarm.links[before]?.[machine] ?? {};
    const bytes = inBytes[from * n + from] ?? 0;
    const nameOf = (m: number): string => swarm.machines[m]?.name ?? '?';
    return { from: nameOf(before), to: nameOf(machine), bytes, ms: latencyMs + bytes / bytesPerMs };
  });

const fastestAlone = (tried: readonly Placing[], { machines }: Swarm): Plan['oneMachine'] => {
  const whole = Math.min(...tried.map(({ segments }) => needOf(segments, 0, segments.n - 1)));
  const [fastest] = machines.filter((m) => m.memoryBytes >= whole).sort((a, b) => b.speed - a.speed);
  const all = tried[0]?.segments.workMs.at(-1) ?? 0;
  return fastest && { name: fastest.name, ms: all / fastest.speed };
};

const bottleneckInWords = (stages: readonly PlannedStage[]): string => {
  const slowest = stages.reduce((a, b) => (busyMs(b) > busyMs(a) ? b : a));
  const at = stages.indexOf(slowest);
  const { machine, computeMs, inMs, outMs } = slowest;
  const stage = `stage ${at + 1} of ${stages.length} on ${machine}, ${msInWords(busyMs(slowest))}`;
  const parts = `compute ${msInWords(computeMs)}, in ${msInWords(inMs)}, out ${msInWords(outMs)}`;
  const most = Math.max(computeMs, inMs, outMs);
  if (computeMs === most) return `${stage}: ${parts}`;
  const link = inMs === most ? `${stages[at - 1]?.machine} -> ${machine}` : `${machine} -> ${stages[at + 1]?.machine}`;
  return `the link ${link} in ${stage}: ${parts}`;
};
