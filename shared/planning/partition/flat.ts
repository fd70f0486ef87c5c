import type { WorkGraph } from '../graph.ts';

/** For each of some things a list of numbers, all in one array: those of `i` are `items[start[i]]` to `items[start[i + 1] - 1]`. */
export interface Lists {
  readonly start: Int32Array;
  readonly items: Int32Array;
}

/** A graph in flat arrays, so that a search may walk it a million times. Tensors and weights by their index. */
export interface FlatGraph {
  readonly n: number;
  readonly timeMs: Float64Array;
  /** -1 for an input of the model. */
  readonly producer: Int32Array;
  readonly sizeBytes: Float64Array;
  readonly isOutput: Uint8Array;
  readonly weightBytes: Float64Array;
  /** Of each tensor. */
  readonly consumers: Lists;
  /** Of each node: tensors, inputs of the model too. */
  readonly reads: Lists;
  readonly makes: Lists;
  readonly weights: Lists;
}

export const flatten = (graph: WorkGraph): FlatGraph => {
  const n = graph.nodes.length;
  const consumers = graph.tensors.map((tensor) => tensor.consumers);
  const producers = graph.tensors.map(({ producer }) => (producer === undefined ? [] : [producer]));
  return {
    n,
    timeMs: Float64Array.from(graph.nodes, ({ timeMs }) => timeMs),
    producer: Int32Array.from(graph.tensors, ({ producer }) => producer ?? -1),
    sizeBytes: Float64Array.from(graph.tensors, ({ sizeBytes }) => sizeBytes),
    isOutput: Uint8Array.from(graph.tensors, ({ isOutput }) => Number(isOutput)),
    weightBytes: Float64Array.from(graph.weights, ({ sizeBytes }) => sizeBytes),
    consumers: listsOf(consumers),
    reads: listsOf(inverse(consumers, n)),
    makes: listsOf(inverse(producers, n)),
    weights: listsOf(
      inverse(
        graph.weights.map(({ users }) => users),
        n,
      ),
    ),
  };
};

const inverse = (lists: readonly (readonly number[])[], count: number): number[][] => {
  const owners: number[][] = Array.from({ length: count }, () => []);
  lists.forEach((list, owner) => {
    for (const item of list) owners[item]?.push(owner);
  });
  return owners;
};

const listsOf = (lists: readonly (readonly number[])[]): Lists => {
  const start = new Int32Array(lists.length + 1);
  lists.forEach((list, i) => {
    start[i + 1] = (start[i] ?? 0) + list.length;
  });
  return { start, items: Int32Array.from(lists.flat()) };
};
