import type { Plan, PlannedStage } from '../../../planning/placement/planned.ts';
import { bytesInWords, msInWords } from '../../../planning/words.ts';
import { table } from '../table.ts';
import type { Drawing } from './plan-svg.ts';

const HEAD = ['stage', 'worker', 'nodes', 'compute', 'in', 'out', 'weights', 'activations', 'memory'];
const NUMBERS = [3, 4, 5, 6, 7];

/** A plan whose stages name their nodes. */
type NamedPlan = Omit<Plan, 'stages'> & {
  readonly stages: readonly (Omit<PlannedStage, 'nodes'> & { readonly nodes: readonly string[] })[];
};

const MOST_CHARS = 24;

/** The end tells more: exporters write the path of the layer before it. */
const short = (name: string): string => (name.length > MOST_CHARS ? `…${name.slice(1 - MOST_CHARS)}` : name);

const span = (nodes: readonly string[]): string => {
  const first = short(nodes[0] ?? '?');
  return nodes.length === 1 ? first : `${first} to ${short(nodes.at(-1) ?? '?')} (${nodes.length})`;
};

const used = ({ weightBytes, peakBytes, memoryBytes }: Omit<PlannedStage, 'nodes'>): string =>
  Number.isFinite(memoryBytes)
    ? `${(((weightBytes + peakBytes) / memoryBytes) * 100).toFixed(0)} % of ${bytesInWords(memoryBytes)}`
    : 'no limit';

/** A plan for people. */
export const planLines = (plan: NamedPlan): string[] => [
  ...table(
    [
      HEAD,
      ...plan.stages.map((stage, i) => [
        String(i + 1),
        short(stage.machine),
        span(stage.nodes),
        msInWords(stage.computeMs),
        msInWords(stage.inMs),
        msInWords(stage.outMs),
        bytesInWords(stage.weightBytes),
        bytesInWords(stage.peakBytes),
        used(stage),
      ]),
    ],
    NUMBERS,
  ),
  ...plan.links.map(({ from, to, bytes, ms }) => `link ${from} -> ${to}: ${bytesInWords(bytes)}, ${msInWords(ms)}`),
  `bottleneck  ${plan.bottleneckAt}`,
  `throughput  ${Number(plan.throughputPerS.toPrecision(3))} requests a second, one alone in ${msInWords(plan.latencyMs)}`,
  `bound       ${msInWords(plan.boundMs)}: no ${plan.objective === 'latency' ? 'latency' : 'bottleneck'} is less; this plan has ${plan.gap.toFixed(2)} times that (${plan.search})`,
  ...plan.advice.map((sentence) => `- ${sentence}`),
];

export const drawingOf = (title: string, plan: Plan): Drawing => ({
  title,
  stages: plan.stages.map((stage, i) => ({
    name: `${i + 1}  ${stage.machine}`,
    inMs: stage.inMs,
    computeMs: stage.computeMs,
    outMs: stage.outMs,
    usedBytes: stage.weightBytes + stage.peakBytes,
    memoryBytes: stage.memoryBytes,
  })),
  // The bound of a latency is no bound of one stage.
  boundMs: plan.objective === 'throughput' ? plan.boundMs : undefined,
  notes: [plan.bottleneckAt, ...plan.advice],
});
