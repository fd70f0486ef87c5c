import { BadInputError } from '../../errors.ts';
import type { WorkGraph } from '../graph.ts';
import { strongComponents } from './strong-components.ts';

/** So many nodes of a cycle are named. */
const MOST_NAMED = 8;

/**
 * Refuses what is no work graph.
 * @throws {BadInputError} `graph-bad-number`, `graph-bad-index`, `graph-cyclic` or `graph-unordered`
 */
export const checkGraph = (graph: WorkGraph): void => {
  for (const { name, timeMs } of graph.nodes) checkNumber(`time of node ${name}`, timeMs, 'ms');
  for (const { name, sizeBytes, producer, consumers } of graph.tensors) {
    checkNumber(`size of tensor ${name}`, sizeBytes, 'bytes');
    checkIndices(graph, `producer of tensor ${name}`, producer === undefined ? [] : [producer]);
    checkIndices(graph, `consumers of tensor ${name}`, consumers);
  }
  for (const { name, sizeBytes, users } of graph.weights) {
    checkNumber(`size of weight ${name}`, sizeBytes, 'bytes');
    checkIndices(graph, `users of weight ${name}`, users);
  }
  checkOrder(graph);
};

const checkNumber = (what: string, value: number, unit: string): void => {
  if (Number.isFinite(value) && value >= 0) return;
  throw new BadInputError('graph-bad-number', `${what} is ${value} ${unit}: allowed are finite numbers from 0 on`);
};

const checkIndices = (graph: WorkGraph, what: string, nodes: readonly number[]): void => {
  const count = graph.nodes.length;
  const isGood = nodes.every((node, at) => Number.isInteger(node) && node > (nodes[at - 1] ?? -1) && node < count);
  if (isGood) return;
  throw new BadInputError('graph-bad-index', `${what} are not ascending nodes from 0 to ${count - 1}, each once`, {
    details: { nodes: nodes.slice(0, MOST_NAMED) },
  });
};

const checkOrder = (graph: WorkGraph): void => {
  const readers: number[][] = graph.nodes.map(() => []);
  for (const { producer, consumers } of graph.tensors)
    if (producer !== undefined) readers[producer]?.push(...consumers);
  const backwards = readers.findIndex((nodes, node) => nodes.some((reader) => reader <= node));
  if (backwards < 0) return;
  const names = (nodes: readonly number[]): string[] => nodes.map((node) => graph.nodes[node]?.name ?? '');
  const cycle = strongComponents(readers).find(
    (nodes) => nodes.length > 1 || readers[nodes[0] ?? 0]?.includes(nodes[0] ?? 0),
  );
  if (cycle) {
    const named = names(cycle.sort((a, b) => a - b).slice(0, MOST_NAMED));
    throw new BadInputError('graph-cyclic', `${cycle.length} nodes lie on a cycle, among them ${named.join(', ')}`, {
      next: 'fuse the nodes of a cycle into one, or remove the tensor that flows back',
      details: { nodes: named },
    });
  }
  const [name] = names([backwards]);
  throw new BadInputError('graph-unordered', `node ${name} comes after a node that reads from it`, {
    next: 'sort the nodes topologically',
  });
};
