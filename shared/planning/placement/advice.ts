import type { Segments } from '../segments.ts';
import type { Machine, Swarm } from '../swarm.ts';
import { bytesInWords, msInWords } from '../words.ts';
import { needOf } from './cuts.ts';
import type { Plan } from './planned.ts';

type Bare = Omit<Plan, 'advice'>;

/** Sentences for whoever reads a plan. */
export const adviceFor = (plan: Bare, segments: Segments, swarm: Swarm, maxStages: number): readonly string[] => [
  ...aboutOneMachine(plan, segments, swarm),
  ...aboutSearch(plan),
  ...swarm.machines.flatMap((machine, index) =>
    plan.stages.some((stage) => stage.machine === machine.name)
      ? []
      : [`${machine.name} is left out: ${whyLeftOut(plan, segments, swarm, index, machine, maxStages)}`],
  ),
];

const hops = ({ links }: Swarm) => links.flatMap((row, from) => row.filter((_, to) => from !== to));

/** The least that handing on anywhere would cost, over the best link. */
const leastHop = ({ n, inBytes }: Segments, swarm: Swarm): { readonly movesMs: number; readonly ms: number } => {
  let bytes = Number.POSITIVE_INFINITY;
  for (let b = 1; b < n; b += 1) bytes = Math.min(bytes, inBytes[b * n + b] ?? bytes);
  return {
    movesMs: Math.min(...hops(swarm).map(({ bytesPerMs }) => bytes / bytesPerMs)),
    ms: Math.min(...hops(swarm).map(({ latencyMs, bytesPerMs }) => latencyMs + bytes / bytesPerMs)),
  };
};

const aboutOneMachine = (plan: Bare, segments: Segments, swarm: Swarm): readonly string[] => {
  const { oneMachine, objective, stages } = plan;
  if (swarm.machines.length === 1) return [];
  if (segments.n === 1) return ['one node cannot be split, so one machine runs it'];
  if (!oneMachine) {
    return [`no machine holds the whole model, ${bytesInWords(needOf(segments, 0, segments.n - 1))}, so it is split`];
  }
  const alone = `${oneMachine.name} alone takes ${msInWords(oneMachine.ms)}`;
  if (stages.length === 1) {
    const { movesMs, ms } = leastHop(segments, swarm);
    return [
      objective === 'latency'
        ? `one machine is faster than several for one request: ${alone}; a split saves no work, and each hop costs at least ${msInWords(ms)}`
        : `one machine is faster than several: ${alone}; handing on costs each side at least ${msInWords(movesMs)}, and no split saves as much as its own handing on`,
    ];
  }
  if (objective === 'latency')
    return [`several machines are faster than one for one request: ${alone}, these ${msInWords(plan.latencyMs)}`];
  const times = Number((oneMachine.ms / plan.bottleneckMs).toPrecision(2));
  return [
    `several machines take ${times} times as many requests as one: ${alone} for each`,
    ...(oneMachine.ms < plan.latencyMs
      ? [`one request alone would be faster there: ${msInWords(oneMachine.ms)} instead of ${msInWords(plan.latencyMs)}`]
      : []),
  ];
};

const aboutSearch = ({ search, cuts, gap }: Bare): readonly string[] => {
  if (gap === 1) return [];
  const thinned = cuts.considered < cuts.possible;
  return [
    ...(search === 'heuristic' ? ['so many machines are placed by heuristics: a better placement may exist'] : []),
    ...(thinned ? [`stages were allowed to part at ${cuts.considered} of ${cuts.possible} positions`] : []),
  ];
};

const whyLeftOut = (
  plan: Bare,
  segments: Segments,
  swarm: Swarm,
  index: number,
  machine: Machine,
  maxStages: number,
): string => {
  const { computeMs, busyMs } = leastStage(segments, swarm, index, machine);
  if (computeMs === Number.POSITIVE_INFINITY) return `its ${bytesInWords(machine.memoryBytes)} hold not one node`;
  if (plan.objective === 'throughput') {
    const slowest = `more than the slowest stage of this plan, ${msInWords(plan.bottleneckMs)}`;
    if (computeMs > plan.bottleneckMs)
      return `any stage on it would compute for at least ${msInWords(computeMs)}, ${slowest}`;
    if (busyMs > plan.bottleneckMs)
      return `any stage on it would take at least ${msInWords(busyMs)} with its links, ${slowest}`;
  } else {
    const slower = plan.stages.every((stage) => speedOf(swarm, stage.machine) >= machine.speed);
    const hop = leastHop(segments, swarm);
    if (slower) return `it is no faster than those used, and a hop to it costs at least ${msInWords(hop.ms)}`;
  }
  if (plan.stages.length >= maxStages)
    return `${maxStages} ${maxStages === 1 ? 'stage is' : 'stages are'} the most allowed`;
  return plan.search === 'heuristic' ? 'no faster placement with it was found' : 'no placement with it is faster';
};

const speedOf = ({ machines }: Swarm, name: string): number => machines.find((m) => m.name === name)?.speed ?? 0;

/** The least that a stage on this machine could compute, and that it could be busy over its best links. */
const leastStage = (
  segments: Segments,
  { links, machines }: Swarm,
  index: number,
  { speed, memoryBytes }: Machine,
): { readonly computeMs: number; readonly busyMs: number } => {
  const { n, workMs, inBytes, outBytes } = segments;
  const others = machines.map((_, m) => m).filter((m) => m !== index);
  const inSpeed = Math.max(...others.map((m) => links[m]?.[index]?.bytesPerMs ?? 0));
  const outSpeed = Math.max(...others.map((m) => links[index]?.[m]?.bytesPerMs ?? 0));
  let [computeMs, busyMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let l = 0; l < n; l += 1) {
    for (let r = l; r < n && needOf(segments, l, r) <= memoryBytes; r += 1) {
      const ms = ((workMs[r + 1] ?? 0) - (workMs[l] ?? 0)) / speed;
      computeMs = Math.min(computeMs, ms);
      busyMs = Math.min(busyMs, ms + (inBytes[l * n + r] ?? 0) / inSpeed + (outBytes[l * n + r] ?? 0) / outSpeed);
    }
  }
  return { computeMs, busyMs };
};
