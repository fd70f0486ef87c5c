import type { WorkGraph, WorkTensor } from '../graph.ts';
import { type Contracted, contract } from './contract.ts';
import type { Terms } from './terms.ts';

/**
 * A smaller graph that has a partition below the limit if the given one has: such a partition of it is one of the given
 * graph at the same cost. Memory is not looked at. Fused are the ends of every tensor that is not worth a cut:
 * - its transfer and the work of either end reach the limit;
 * - one end takes no time and has no other neighbour: moved to the other's stage it saves the transfer;
 * - the reader takes no time, reads and is given nothing else, and makes no more bytes than it reads: moved to the
 *   producer's stage it only lessens what travels.
 */
export const contractBelow = (graph: WorkGraph, terms: Terms, belowMs: number): Contracted => {
  let current: Contracted = { graph, members: graph.nodes.map((_, node) => [node]) };
  for (;;) {
    const { members } = current;
    const groups = groupsOf(current.graph, terms, belowMs);
    if (groups.length === members.length) return current;
    const next = contract(current.graph, groups);
    const original = (nodes: readonly number[]): number[] => nodes.flatMap((node) => members[node] ?? []);
    current = { graph: next.graph, members: next.members.map((nodes) => original(nodes).sort((a, b) => a - b)) };
  }
};

const groupsOf = (graph: WorkGraph, terms: Terms, belowMs: number): number[][] => {
  const root = graph.nodes.map((_, node) => node);
  const rootOf = (node: number): number => {
    let at = node;
    while (root[at] !== at) at = root[at] ?? 0;
    return at;
  };
  const isNotWorthACut = openTest(graph, terms, belowMs);
  for (const tensor of graph.tensors) {
    for (const reader of tensor.consumers) {
      if (tensor.producer === undefined || !isNotWorthACut(tensor, tensor.producer, reader)) continue;
      root[rootOf(reader)] = rootOf(tensor.producer);
    }
  }
  return [...Map.groupBy(root.keys(), rootOf).values()];
};

const openTest = (graph: WorkGraph, { bytesPerMs, transfers }: Terms, belowMs: number) => {
  const timeMs = (node: number): number => graph.nodes[node]?.timeMs ?? 0;
  const neighbours: Set<number>[] = graph.nodes.map(() => new Set());
  const readCount = graph.nodes.map(() => 0);
  const madeBytes = graph.nodes.map(() => 0);
  /** In a chain inputs and outputs of the model travel too. */
  const meetsAsker = graph.nodes.map(() => false);
  for (const { producer, consumers, sizeBytes, isOutput } of graph.tensors) {
    for (const node of consumers) {
      readCount[node] = (readCount[node] ?? 0) + 1;
      if (producer === undefined) meetsAsker[node] = true;
      else {
        neighbours[node]?.add(producer);
        neighbours[producer]?.add(node);
      }
    }
    if (producer === undefined) continue;
    if (isOutput) meetsAsker[producer] = true;
    if (isOutput || consumers.length > 0) madeBytes[producer] = (madeBytes[producer] ?? 0) + sizeBytes;
  }
  const isAppendix = (node: number): boolean =>
    timeMs(node) === 0 && neighbours[node]?.size === 1 && (transfers === 'direct' || !meetsAsker[node]);
  return ({ sizeBytes, consumers, isOutput }: WorkTensor, producer: number, reader: number): boolean => {
    if (sizeBytes / bytesPerMs + Math.max(timeMs(producer), timeMs(reader)) >= belowMs) return true;
    if (isAppendix(producer) || isAppendix(reader)) return true;
    const isAllItReads = consumers.length === 1 && !isOutput && readCount[reader] === 1;
    return isAllItReads && timeMs(reader) === 0 && (madeBytes[reader] ?? 0) <= sizeBytes;
  };
};
