import type { StageOf, WorkGraph } from '../graph.ts';
import type { Terms } from './terms.ts';

/** What a stage takes for one run. Its cost in a pipeline is the sum of the three times. */
export interface StageCost {
  readonly workMs: number;
  readonly inMs: number;
  readonly outMs: number;
  readonly weightBytes: number;
  /** Most bytes of activations alive at once, those that pass by included; nodes run in the order of the graph. */
  readonly peakBytes: number;
}

/**
 * The cost of each stage, counted plainly from its definition (sharding.md 1.1): what every search here minimises.
 * @param stageOf stages 0 to k - 1, none of them empty
 */
export const costsOf = (
  graph: WorkGraph,
  stageOf: StageOf,
  { bytesPerMs, transfers }: Pick<Terms, 'bytesPerMs' | 'transfers'>,
): StageCost[] => {
  const count = Math.max(-1, ...stageOf) + 1;
  const zeros = (): number[] => Array<number>(count).fill(0);
  const [workMs, inBytes, outBytes, weightBytes] = [zeros(), zeros(), zeros(), zeros()];
  const stage = (node: number): number => stageOf[node] ?? 0;
  graph.nodes.forEach(({ timeMs }, node) => {
    add(workMs, stage(node), timeMs);
  });
  for (const { sizeBytes, users } of graph.weights) {
    for (const s of new Set(users.map(stage))) add(weightBytes, s, sizeBytes);
  }
  for (const { sizeBytes, producer, consumers, isOutput } of graph.tensors) {
    const readBy = new Set(consumers.map(stage));
    if (transfers === 'direct') {
      if (producer === undefined) continue;
      readBy.delete(stage(producer));
      if (readBy.size > 0) add(outBytes, stage(producer), sizeBytes);
      for (const s of readBy) add(inBytes, s, sizeBytes);
    } else {
      const last = isOutput ? count - 1 : Math.max(0, ...readBy);
      for (let s = producer === undefined ? 0 : stage(producer); s < last; s += 1) {
        add(outBytes, s, sizeBytes);
        add(inBytes, s + 1, sizeBytes);
      }
    }
  }
  const peakBytes = peaks(graph, stageOf, count);
  return workMs.map((ms, s) => ({
    workMs: ms,
    inMs: (inBytes[s] ?? 0) / bytesPerMs,
    outMs: (outBytes[s] ?? 0) / bytesPerMs,
    weightBytes: weightBytes[s] ?? 0,
    peakBytes: peakBytes[s] ?? 0,
  }));
};

export const totalMs = ({ workMs, inMs, outMs }: StageCost): number => workMs + inMs + outMs;

/** Whether weights and activations of every stage stay within the memory. */
export const fits = (graph: WorkGraph, stageOf: StageOf, terms: Terms): boolean => {
  const { memoryBytes } = terms;
  if (memoryBytes === undefined) return true;
  return costsOf(graph, stageOf, terms).every(({ weightBytes, peakBytes }) => weightBytes + peakBytes <= memoryBytes);
};

const add = (sums: number[], at: number, value: number): void => {
  sums[at] = (sums[at] ?? 0) + value;
};

const peaks = (graph: WorkGraph, stageOf: StageOf, count: number): number[] => {
  const order = stageOf.map((_, node) => node).sort((a, b) => (stageOf[a] ?? 0) - (stageOf[b] ?? 0) || a - b);
  const position: number[] = [];
  order.forEach((node, at) => {
    position[node] = at;
  });
  const change = Array<number>(order.length + 1).fill(0);
  for (const { sizeBytes, producer, consumers, isOutput } of graph.tensors) {
    if (producer === undefined && consumers.length === 0 && !isOutput) continue;
    const from = producer === undefined ? 0 : (position[producer] ?? 0);
    const last = isOutput ? order.length - 1 : Math.max(from, ...consumers.map((reader) => position[reader] ?? 0));
    add(change, from, sizeBytes);
    add(change, last + 1, -sizeBytes);
  }
  const peak = Array<number>(count).fill(0);
  let alive = 0;
  order.forEach((node, at) => {
    alive += change[at] ?? 0;
    const stage = stageOf[node] ?? 0;
    peak[stage] = Math.max(peak[stage] ?? 0, alive);
  });
  return peak;
};
