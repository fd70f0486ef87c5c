import type { StageOf, WorkGraph } from '../graph.ts';
import { costsOf, fits, totalMs } from './costs.ts';
import type { Terms } from './terms.ts';

/** A move must gain more than rounding could feign, so that the climb ends. */
const LEAST_GAIN = 1e-9;

/**
 * Moves single nodes to the next or the previous stage while that makes the slower of the two faster and keeps every
 * tensor from flowing back. The costs of all stages, sorted from the slowest, only ever fall, so it ends.
 * @param stageOf stages 0 to k - 1, none of them empty
 */
export const refine = (graph: WorkGraph, stageOf: StageOf, terms: Terms): StageOf => {
  const stages = [...stageOf];
  const costMs = costsOf(graph, stages, terms).map(totalMs);
  const tensorsOf: number[][] = graph.nodes.map(() => []);
  graph.tensors.forEach(({ producer, consumers }, tensor) => {
    for (const node of producer === undefined ? consumers : [producer, ...consumers]) tensorsOf[node]?.push(tensor);
  });
  const charge = openCharge(graph, stages, terms, costMs.length);
  const chargeMs = (node: number, stage: number): number =>
    (tensorsOf[node] ?? []).reduce((sum, tensor) => sum + charge(tensor, stage), 0);

  const tryMove = (node: number, step: 1 | -1): boolean => {
    const from = stages[node] ?? 0;
    const to = from + step;
    const [fromMs, toMs] = [costMs[from], costMs[to]];
    if (fromMs === undefined || toMs === undefined || !mayMove(graph, stages, tensorsOf[node] ?? [], node, to))
      return false;
    const workMs = graph.nodes[node]?.timeMs ?? 0;
    const before = [chargeMs(node, from), chargeMs(node, to)] as const;
    stages[node] = to;
    const newFromMs = fromMs - workMs - before[0] + chargeMs(node, from);
    const newToMs = toMs + workMs - before[1] + chargeMs(node, to);
    const slowerMs = Math.max(fromMs, toMs);
    if (Math.max(newFromMs, newToMs) < slowerMs * (1 - LEAST_GAIN) && fits(graph, stages, terms)) {
      costMs[from] = newFromMs;
      costMs[to] = newToMs;
      return true;
    }
    stages[node] = from;
    return false;
  };

  let moved = true;
  while (moved) {
    moved = false;
    for (let node = 0; node < stages.length; node += 1) {
      if (tryMove(node, 1) || tryMove(node, -1)) moved = true;
    }
  }
  return packed(stages);
};

/** What one tensor costs one stage, in and out, with nodes where they stand. */
const openCharge = (graph: WorkGraph, stages: readonly number[], terms: Terms, count: number) => {
  const { transfers, bytesPerMs } = terms;
  return (tensorAt: number, stage: number): number => {
    const tensor = graph.tensors[tensorAt];
    if (!tensor) return 0;
    const { producer, consumers, isOutput, sizeBytes } = tensor;
    const from = producer === undefined ? undefined : stages[producer];
    if (transfers === 'direct') {
      if (from === undefined) return 0;
      const counts = consumers.some((reader) => (from === stage) !== (stages[reader] === stage));
      return counts ? sizeBytes / bytesPerMs : 0;
    }
    const [first, last] = [
      from ?? 0,
      isOutput ? count - 1 : Math.max(0, ...consumers.map((reader) => stages[reader] ?? 0)),
    ];
    const crossings = Number(first < stage && stage <= last) + Number(first <= stage && stage < last);
    return (crossings * sizeBytes) / bytesPerMs;
  };
};

const mayMove = (
  graph: WorkGraph,
  stages: readonly number[],
  around: readonly number[],
  node: number,
  to: number,
): boolean =>
  around.every((at) => {
    const tensor = graph.tensors[at];
    if (!tensor) return true;
    if (tensor.producer === node) return tensor.consumers.every((reader) => to <= (stages[reader] ?? 0));
    return tensor.producer === undefined || (stages[tensor.producer] ?? 0) <= to;
  });

/** The same without empty stages. */
const packed = (stages: readonly number[]): StageOf => {
  const used = [...new Set(stages)].sort((a, b) => a - b);
  const names = new Map(used.map((stage, name) => [stage, name]));
  return stages.map((stage) => names.get(stage) ?? 0);
};
