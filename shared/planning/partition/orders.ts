import type { FlatGraph } from './flat.ts';

/** Makes a topological order of given keys: Kahn's algorithm, of the nodes whose inputs are there the least key first. */
export type Decode = (keys: ArrayLike<number>) => Int32Array;

/**
 * The decoder of sharding.md 1.3, O(m + n log n). The keys of a topological order (`keysOf`) give that order again. Each
 * call overwrites the array that the last one returned. Nodes of a cycle, and those behind it, are left out.
 */
export const openDecoder = (flat: FlatGraph): Decode => {
  const { n, producer, reads, makes, consumers } = flat;
  const wantsOf = new Int32Array(n);
  for (let v = 0; v < n; v += 1) {
    for (let e = reads.start[v] ?? 0; e < (reads.start[v + 1] ?? 0); e += 1) {
      if ((producer[reads.items[e] ?? 0] ?? -1) >= 0) wantsOf[v] = (wantsOf[v] ?? 0) + 1;
    }
  }
  const wants = new Int32Array(n);
  const order = new Int32Array(n);
  const heap = new Int32Array(n);
  return (keys) => {
    const keyOf = (at: number): number => keys[heap[at] ?? 0] ?? 0;
    let size = 0;
    const push = (v: number): void => {
      const key = keys[v] ?? 0;
      let at = size;
      size += 1;
      while (at > 0) {
        const above = (at - 1) >> 1;
        if (keyOf(above) <= key) break;
        heap[at] = heap[above] ?? 0;
        at = above;
      }
      heap[at] = v;
    };
    const pop = (): number => {
      const top = heap[0] ?? 0;
      size -= 1;
      const last = heap[size] ?? 0;
      const key = keys[last] ?? 0;
      let at = 0;
      for (;;) {
        let below = 2 * at + 1;
        if (below >= size) break;
        if (below + 1 < size && keyOf(below + 1) < keyOf(below)) below += 1;
        if (key <= keyOf(below)) break;
        heap[at] = heap[below] ?? 0;
        at = below;
      }
      heap[at] = last;
      return top;
    };

    wants.set(wantsOf);
    for (let v = 0; v < n; v += 1) if (wants[v] === 0) push(v);
    let count = 0;
    while (size > 0) {
      const v = pop();
      order[count] = v;
      count += 1;
      for (let m = makes.start[v] ?? 0; m < (makes.start[v + 1] ?? 0); m += 1) {
        const tensor = makes.items[m] ?? 0;
        for (let e = consumers.start[tensor] ?? 0; e < (consumers.start[tensor + 1] ?? 0); e += 1) {
          const reader = consumers.items[e] ?? 0;
          wants[reader] = (wants[reader] ?? 0) - 1;
          if (wants[reader] === 0) push(reader);
        }
      }
    }
    return order.subarray(0, count);
  };
};

/** Keys in [0, 1) that decode to this topological order. */
export const keysOf = (order: ArrayLike<number>): Float64Array => {
  const keys = new Float64Array(order.length);
  for (let at = 0; at < order.length; at += 1) keys[order[at] ?? 0] = at / order.length;
  return keys;
};

/**
 * Orders worth trying first, as keys: the stored one, by depth from the inputs, by depth from the outputs, and depth
 * first (branches one after the other). The graph's own order must be topological.
 */
export const seedKeys = (flat: FlatGraph): Float64Array[] => {
  const { n } = flat;
  const stored = Float64Array.from({ length: n }, (_, v) => v / n);
  const [fromInputs, fromOutputs] = [new Float64Array(n), new Float64Array(n)];
  eachDependency(flat, false, (from, to) => {
    fromInputs[to] = Math.max(fromInputs[to] ?? 0, (fromInputs[from] ?? 0) + 1);
  });
  eachDependency(flat, true, (from, to) => {
    fromOutputs[from] = Math.max(fromOutputs[from] ?? 0, (fromOutputs[to] ?? 0) + 1);
  });
  const scaled = (depth: (v: number) => number) => Float64Array.from({ length: n }, (_, v) => (depth(v) + v / n) / n);
  return [
    stored,
    scaled((v) => fromInputs[v] ?? 0),
    scaled((v) => n - 1 - (fromOutputs[v] ?? 0)),
    keysOf(depthFirst(flat)),
  ];
};

/** Every pair of a node and a reader of it, by producer ascending or descending. */
const eachDependency = (flat: FlatGraph, backwards: boolean, visit: (from: number, to: number) => void): void => {
  for (let step = 0; step < flat.n; step += 1) {
    const v = backwards ? flat.n - 1 - step : step;
    for (const to of readersOf(flat, v)) visit(v, to);
  }
};

const readersOf = ({ makes, consumers }: FlatGraph, v: number): number[] => {
  const readers: number[] = [];
  for (const tensor of makes.items.subarray(makes.start[v], makes.start[v + 1])) {
    readers.push(...consumers.items.subarray(consumers.start[tensor], consumers.start[tensor + 1]));
  }
  return readers;
};

/** Reverse post-order of a depth-first walk from the inputs. */
const depthFirst = (flat: FlatGraph): number[] => {
  const { n, reads, producer } = flat;
  const isSource = (v: number): boolean =>
    reads.items.subarray(reads.start[v], reads.start[v + 1]).every((tensor) => producer[tensor] === -1);
  const seen = new Uint8Array(n);
  const finished: number[] = [];
  for (let root = n - 1; root >= 0; root -= 1) {
    if (!isSource(root)) continue;
    const path = [{ v: root, readers: readersOf(flat, root) }];
    seen[root] = 1;
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const next = top.readers.pop();
      if (next === undefined) {
        finished.push(top.v);
        path.pop();
      } else if (seen[next] === 0) {
        seen[next] = 1;
        path.push({ v: next, readers: readersOf(flat, next) });
      }
    }
  }
  return finished.reverse();
};
