import type { WorkGraph } from '../../../planning/graph.ts';
import type { Plan, PlannedStage } from '../../../planning/placement/planned.ts';
import { bytesInWords, msInWords } from '../../../planning/words.ts';
import { table } from '../table.ts';
import type { Drawing } from './plan-svg.ts';

const HEAD = ['stage', 'worker', 'nodes', 'compute', 'in', 'out', 'weights', 'activations', 'memory'];
const NUMBERS = [3, 4, 5, 6, 7];

const span = (graph: WorkGraph, nodes: readonly number[]): string => {
  const name = (node: number | undefined): string => (graph.nodes[node ?? -1]?.name ?? '?').slice(0, 32);
  const first = name(nodes[0]);
  return nodes.length === 1 ? first : `${first} … ${name(nodes.at(-1))} (${nodes.length})`;
};

const used = ({ weightBytes, peakBytes, memoryBytes }: PlannedStage): string =>
  Number.isFinite(memoryBytes)
    ? `${(((weightBytes + peakBytes) / memoryBytes) * 100).toFixed(0)} % of ${bytesInWords(memoryBytes)}`
    : 'no limit';

/** A plan for people. */
export const planLines = (graph: WorkGraph, plan: Plan): string[] => [
  ...table(
    [
      HEAD,
      ...plan.stages.map((stage, i) => [
        String(i + 1),
        stage.machine,
        span(graph, stage.nodes),
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
  `bound       ${msInWords(plan.boundMs)} for ${plan.objective}: this plan is at ${plan.gap.toFixed(3)} of it (${plan.search})`,
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
  boundMs: plan.objective === 'throughput' ? plan.boundMs : plan.bottleneckMs,
  notes: [plan.bottleneckAt, ...plan.advice],
});
