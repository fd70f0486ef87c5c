import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openHighs } from '../../../shared/adapters/highs/solve-lp.ts';
import { BadInputError } from '../../../shared/errors.ts';
import { seeded } from '../../../shared/planning/seeded.ts';
import { GBIT_PER_S_BYTES_PER_MS } from '../../../shared/planning/swarm.ts';
import { layeredGraph } from './layered.ts';
import { onnxRows } from './onnx.ts';
import { type Row, rowOrReason } from './table.ts';
import { readWorkload } from './workload.ts';

/** Four profiled inference workloads of github.com/msr-fiddle/dnn-partitioning; others of the format may be given. */
const WORKLOADS = fileURLToPath(new URL('../../../../shared/vectors/partition/', import.meta.url));

const EVALUATIONS = 100;

/** Light ONNX graphs of github.com/onnx/onnx: real topologies with generated weights. */
const GRAPHS = fileURLToPath(new URL('../../../../shared/vectors/onnx-light/', import.meta.url));

/** How well and how fast equal machines are partitioned. @param args a folder of workloads, of ONNX files, or of both */
export const partitionBench = async ([folder]: readonly string[]): Promise<void> => {
  process.stdout.write(`${EVALUATIONS} orders tried; times of the slowest stage in ms; gap to the best bound\n`);
  console.table({ ...(await workloadRows(folder ?? WORKLOADS)), ...layeredRows() });
  const graphs = folder ?? GRAPHS;
  const files = existsSync(graphs) ? readdirSync(graphs).filter((name) => name.endsWith('.onnx')) : [];
  if (files.length > 0)
    await onnxRows(
      files.sort().map((name) => join(graphs, name)),
      EVALUATIONS,
    );
};

const workloadRows = async (folder: string): Promise<Record<string, Row>> => {
  if (!existsSync(folder)) {
    throw new BadInputError('workloads-missing', `no folder ${folder}`, { next: 'npm run bench -- partition DIR' });
  }
  const solve = await openHighs();
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const rows = files.sort().map((file): [string, Row] => {
    const measured = () => {
      const { graph, stages, memoryBytes } = readWorkload(join(folder, file));
      const terms = { stages, memoryBytes, bytesPerMs: 1, transfers: 'direct' as const, evaluations: EVALUATIONS };
      return { graph, terms, solve };
    };
    return [file.replace('.json', ''), rowOrReason(measured)];
  });
  return Object.fromEntries(rows);
};

/** As large as the largest of the light ONNX graphs (DenseNet-121, 1,746 nodes). */
const layeredRows = (): Record<string, Row> => {
  const graph = layeredGraph(1_746, 4, seeded(1));
  const row = (transfers: 'direct' | 'relayed'): Row =>
    rowOrReason(() => ({
      graph,
      terms: { stages: 16, bytesPerMs: GBIT_PER_S_BYTES_PER_MS, transfers, evaluations: EVALUATIONS },
      solve: undefined,
    }));
  return { 'synthetic layers, direct': row('direct'), 'synthetic layers, relayed': row('relayed') };
};
