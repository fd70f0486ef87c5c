import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { importModel } from '../../../shared/model/onnx/import-model.ts';
import { workGraph } from '../../../shared/model/onnx/work-graph.ts';
import { simpleBound } from '../../../shared/planning/partition/bounds.ts';
import { partition } from '../../../shared/planning/partition/partition.ts';
import { seeded } from '../../../shared/planning/seeded.ts';
import { GBIT_PER_S_BYTES_PER_MS } from '../../../shared/planning/swarm.ts';
import { profileModel } from '../../../workers/inference/profile/profile-model.ts';
import { defaultRuntime } from '../../../workers/inference/runtime.ts';

const STAGES = [2, 4, 8, 16] as const;
const LINK_GBIT_PER_S = 10;
const RUNS = 9;

/** One graph: ratio of its bottleneck to the simple bound, and how many times the throughput of one machine that is. */
interface Measured {
  readonly file: string;
  readonly nodes: number;
  readonly wholeMs: number;
  readonly cells: readonly { readonly ratio: number; readonly gain: number; readonly searchMs: number }[];
}

/** Profile-based plans of ONNX graphs for equal machines with links of 10 Gbit/s, over the bound that ignores transfers. */
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
        },
      ]),
    ),
  );
  const means = STAGES.map(
    (stages, i) => `k = ${stages}: ${geometricMean(rows.map((row) => row.cells[i]?.ratio ?? 1))}`,
  );
  process.stdout.write(`bottleneck / simple bound, geometric mean of ${rows.length}: ${means.join(', ')}\n`);
};

const geometricMean = (values: readonly number[]): string =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length).toFixed(3);

const measured = async (path: string, evaluations: number): Promise<Measured> => {
  const { profile } = await profileModel({ path }, defaultRuntime(), { runs: RUNS });
  const { graph } = workGraph(importModel(readFileSync(path)).model, profile);
  const wholeMs = graph.nodes.reduce((sum, { timeMs }) => sum + timeMs, 0);
  const cells = STAGES.map((stages) => {
    const begun = performance.now();
    const { bottleneckMs } = partition(graph, {
      stages,
      bytesPerMs: LINK_GBIT_PER_S * GBIT_PER_S_BYTES_PER_MS,
      transfers: 'direct',
      evaluations,
      random: seeded(1),
      exactLimit: 0,
    });
    const searchMs = performance.now() - begun;
    return { ratio: bottleneckMs / simpleBound(graph, stages), gain: wholeMs / bottleneckMs, searchMs };
  });
  return { file: basename(path), nodes: graph.nodes.length, wholeMs, cells };
};
