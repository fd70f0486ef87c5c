import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { BadInputError } from '../../../shared/errors.ts';
import type { WorkGraph } from '../../../shared/planning/graph.ts';
import { contract } from '../../../shared/planning/partition/contract.ts';

/** A profiled workload with the machines that it was profiled for. Transfers are given in ms: `bytesPerMs` is 1. */
export interface Workload {
  readonly graph: WorkGraph;
  readonly stages: number;
  readonly memoryBytes: number;
}

/** The format wants one cost for all edges out of a node, and its own reader allows as much. */
const COST_SLIP = 1e-6;

const flag = z.union([z.boolean(), z.literal(0), z.literal(1)]);

const workloadSchema = z.object({
  maxFPGAs: z.int().min(1),
  maxSizePerFPGA: z.number().min(0),
  nodes: z.array(
    z.object({
      id: z.int(),
      name: z.string().optional(),
      supportedOnFpga: flag,
      fpgaLatency: z.number().min(0),
      isBackwardNode: flag,
      colorClass: z.int().optional(),
      size: z.number().min(0).default(0),
    }),
  ),
  edges: z.array(z.object({ sourceId: z.int(), destId: z.int(), cost: z.number().min(0) })),
});

/**
 * Reads a throughput workload of github.com/msr-fiddle/dnn-partitioning (its README gives the format), as its exact program
 * does without a CPU: nodes of one colour are one, then whatever lies on a cycle; each original node sends one tensor.
 * @throws {BadInputError} `workload-unreadable` for another format, `workload-unsupported` for training and for nodes that
 *   no accelerator runs
 */
export const readWorkload = (path: string): Workload => {
  const { nodes, edges, maxFPGAs, maxSizePerFPGA } = parse(path);
  if (nodes.some(({ isBackwardNode }) => isBackwardNode)) {
    throw new BadInputError('workload-unsupported', `${path} has backward nodes: only inference is partitioned here`);
  }
  const unsupported = nodes.find(({ supportedOnFpga }) => !supportedOnFpga);
  if (unsupported) {
    throw new BadInputError('workload-unsupported', `${path}: node ${unsupported.id} runs on no accelerator`);
  }
  const costs = new Map<number, number>();
  for (const { sourceId, cost } of edges) {
    const before = costs.get(sourceId) ?? cost;
    if (Math.abs(before - cost) > COST_SLIP) {
      throw new BadInputError(
        'workload-unreadable',
        `${path}: the output of node ${sourceId} costs ${before} and ${cost}`,
      );
    }
    costs.set(sourceId, before);
  }
  const indexOf = new Map(nodes.map(({ id }, index) => [id, index]));
  const index = (id: number): number => {
    const found = indexOf.get(id);
    if (found === undefined)
      throw new BadInputError('workload-unreadable', `${path}: an edge names node ${id}, which is none`);
    return found;
  };
  const graph: WorkGraph = {
    nodes: nodes.map(({ id, name, fpgaLatency }) => ({ name: name ?? `node ${id}`, timeMs: fpgaLatency })),
    tensors: [...Map.groupBy(edges, ({ sourceId }) => sourceId)].map(([source, out]) => ({
      name: `output of ${source}`,
      sizeBytes: costs.get(source) ?? 0,
      producer: index(source),
      consumers: [...new Set(out.map(({ destId }) => index(destId)))].sort((a, b) => a - b),
      isOutput: false,
    })),
    weights: nodes.map(({ id, size }, user) => ({ name: `weights of ${id}`, sizeBytes: size, users: [user] })),
  };
  const colours = Map.groupBy(nodes.keys(), (node) => nodes[node]?.colorClass ?? `its own ${node}`);
  return { graph: contract(graph, [...colours.values()]).graph, stages: maxFPGAs, memoryBytes: maxSizePerFPGA };
};

const parse = (path: string): z.infer<typeof workloadSchema> => {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new BadInputError('workload-unreadable', `${path} is no readable JSON`, { cause });
  }
  const parsed = workloadSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BadInputError('workload-unreadable', `${path} is no workload: ${issue?.path.join('.')}: ${issue?.message}`);
};
