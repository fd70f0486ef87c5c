import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { importModel } from '../../../shared/model/onnx/import-model.ts';
import { workGraph } from '../../../shared/model/onnx/work-graph.ts';
import type { WorkGraph } from '../../../shared/planning/graph.ts';
import { simpleBound } from '../../../shared/planning/partition/bounds.ts';
import { partition } from '../../../shared/planning/partition/partition.ts';
import { seeded } from '../../../shared/planning/seeded.ts';
import { GBIT_PER_S_BYTES_PER_MS } from '../../../shared/planning/swarm.ts';
import { profileModel } from '../../../workers/inference/profile/profile-model.ts';
import { defaultRuntime } from '../../../workers/inference/runtime.ts';

const STAGES = [2, 4, 8, 16] as const;
const LINK_GBIT_PER_S = 10;
const RUNS = 9;
const EXACT_LIMIT = 100_000;

/**
 * Times of the light graphs on the machine of the published ratios, in ms: the faster a machine, the more its transfers
 * weigh, so ratios compare only at one pace.
 */
const REFERENCE_MS: Readonly<Record<string, number>> = {
  alexnet: 42,
  densenet121: 130,
  inception_v1: 138,
  inception_v2: 137,
  resnet50: 288,
  shufflenet: 30,
  squeezenet: 15,
  vgg19: 1172,
  zfnet512: 214,
};

interface Cell {
  /** Of the bottleneck to the simple bound, which ignores transfers. */
  readonly ratio: number;
  readonly isProved: boolean;
  /** Throughput, in times that of one machine. */
  readonly gain: number;
  readonly searchMs: number;
}

interface Measured {
  readonly file: string;
  readonly nodes: number;
  readonly wholeMs: number;
  readonly cells: readonly Cell[];
  readonly atReferencePace: readonly Cell[];
}

/** Profile-based plans of ONNX graphs for equal machines with links of 10 Gbit/s. */
export const onnxRows = async (files: readonly string[], evaluations: number): Promise<void> => {
  const rows: Measured[] = [];
  for (const file of files) rows.push(await measured(file, evaluations));
  console.table(
    Object.fromEntries(
      rows.map(({ file, nodes, wholeMs, cells }) => [
        file,
        {
          nodes,
          'whole ms': wholeMs.toFixed(1),
          ...Object.fromEntries(
            cells.map(({ ratio, gain }, i) => [`k = ${STAGES[i]}`, `${ratio.toFixed(3)}, ${gain.toFixed(2)}x`]),
          ),
          'slowest search ms': Math.max(...cells.map(({ searchMs }) => searchMs)).toFixed(0),
          'proved optimal': `${cells.filter(({ isProved }) => isProved).length} of ${cells.length}`,
        },
      ]),
    ),
  );
  say(
    'bottleneck / simple bound',
    rows.map((row) => row.cells),
  );
  say(
    'the same with times of the reference',
    rows.map((row) => row.atReferencePace).filter((cells) => cells.length > 0),
  );
};

const say = (what: string, rows: readonly (readonly Cell[])[]): void => {
  const means = STAGES.map((stages, i) => `k = ${stages}: ${geometricMean(rows.map((cells) => cells[i]?.ratio ?? 1))}`);
  process.stdout.write(`${what}, geometric mean of ${rows.length}: ${means.join(', ')}\n`);
};

const geometricMean = (values: readonly number[]): string =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length).toFixed(3);

const measured = async (path: string, evaluations: number): Promise<Measured> => {
  const file = basename(path);
  const { profile } = await profileModel({ path }, defaultRuntime(), { runs: RUNS });
  const { graph } = workGraph(importModel(readFileSync(path)).model, profile);
  const wholeMs = graph.nodes.reduce((sum, { timeMs }) => sum + timeMs, 0);
  const known = Object.entries(REFERENCE_MS).find(([name]) => file.includes(name))?.[1];
  const scaled = known === undefined ? [] : cellsOf(slowed(graph, known / wholeMs), evaluations);
  return { file, nodes: graph.nodes.length, wholeMs, cells: cellsOf(graph, evaluations), atReferencePace: scaled };
};

const slowed = (graph: WorkGraph, times: number): WorkGraph => ({
  ...graph,
  nodes: graph.nodes.map((node) => ({ ...node, timeMs: node.timeMs * times })),
});

const cellsOf = (graph: WorkGraph, evaluations: number): Cell[] => {
  const wholeMs = graph.nodes.reduce((sum, { timeMs }) => sum + timeMs, 0);
  return STAGES.map((stages) => {
    const terms = {
      stages,
      bytesPerMs: LINK_GBIT_PER_S * GBIT_PER_S_BYTES_PER_MS,
      transfers: 'direct',
      evaluations,
    } as const;
    const begunMs = performance.now();
    partition(graph, { ...terms, random: seeded(1), exactLimit: 0 });
    const searchMs = performance.now() - begunMs;
    const { bottleneckMs, proof } = partition(graph, { ...terms, random: seeded(1), exactLimit: EXACT_LIMIT });
    const ratio = bottleneckMs / simpleBound(graph, stages);
    return { ratio, isProved: proof === 'exact', gain: wholeMs / bottleneckMs, searchMs };
  });
};
