import { BadInputError } from '../../errors.ts';
import type { Distances } from './distances.ts';

/** One class of a filtration by distance: it lives from `birth` to `death` in ms. */
export interface Bar {
  readonly birth: number;
  /** Infinity for the one piece that remains. */
  readonly death: number;
}

/** Persistent homology of a Vietoris-Rips filtration; bars of no length are left out, the longest come first. */
export interface Barcode {
  /** Connected pieces: a long bar parts clusters. */
  readonly h0: readonly Bar[];
  /** Loops: machines near their neighbours and far across. */
  readonly h1: readonly Bar[];
}

/** Triangles grow with the third power of the machines: 2.7 million of these. */
export const MOST_POINTS = 256;

/** Edges by distance, then by place: an edge is its rank. */
interface Edges {
  readonly n: number;
  readonly ms: Float64Array;
  readonly ends: readonly (readonly [number, number])[];
  /** Rank at `i * n + j`. */
  readonly rank: Int32Array;
}

const check = (distances: Distances): void => {
  const refuse = (message: string): never => {
    throw new BadInputError('distances-invalid', message, { next: 'measure every pair of machines' });
  };
  const n = distances.length;
  if (n === 0 || n > MOST_POINTS) refuse(`${n} machines have distances, allowed are 1 to ${MOST_POINTS}`);
  for (const [i, row] of distances.entries()) {
    if (row.length !== n) refuse(`row ${i} of ${n} distances has ${row.length}`);
    for (const [j, ms] of row.entries()) {
      if (i === j) continue;
      if (!(ms >= 0 && Number.isFinite(ms)))
        refuse(`the distance ${i} to ${j} is ${ms} ms, allowed are finite numbers from 0`);
      if (ms !== distances[j]?.[i]) refuse(`the distance ${i} to ${j} is ${ms} ms, and back ${distances[j]?.[i]} ms`);
    }
  }
};

const edgesOf = (distances: Distances): Edges => {
  const n = distances.length;
  const ends = distances.flatMap((row, i) => row.slice(0, i).map((ms, j) => ({ ms, pair: [j, i] as const })));
  ends.sort((a, b) => a.ms - b.ms || a.pair[1] - b.pair[1] || a.pair[0] - b.pair[0]);
  const rank = new Int32Array(n * n).fill(-1);
  for (const [r, { pair }] of ends.entries()) {
    rank[pair[0] * n + pair[1]] = r;
    rank[pair[1] * n + pair[0]] = r;
  }
  return { n, ms: Float64Array.from(ends, ({ ms }) => ms), ends: ends.map(({ pair }) => pair), rank };
};

/** Kruskal's algorithm: an edge that joins two pieces ends one of them. */
const spanningTree = ({ n, ends }: Edges): ReadonlySet<number> => {
  const parent = Array.from({ length: n }, (_, i) => i);
  const rootOf = (start: number): number => {
    let at = start;
    for (let up = parent[at] ?? at; up !== at; up = parent[at] ?? at) {
      parent[at] = parent[up] ?? up;
      at = up;
    }
    return at;
  };
  const tree = new Set<number>();
  for (const [edge, [i, j]] of ends.entries()) {
    const [a, b] = [rootOf(i), rootOf(j)];
    if (a === b) continue;
    parent[a] = b;
    tree.add(edge);
  }
  return tree;
};

const longestFirst = (bars: readonly Bar[]): readonly Bar[] =>
  bars
    .filter(({ birth, death }) => death > birth)
    .sort((a, b) => b.death - b.birth - (a.death - a.birth) || a.birth - b.birth);

/** @throws {BadInputError} `distances-invalid` for a matrix that is not square, symmetric, finite and of 1 to 256 rows */
export const barcodeOf = (distances: Distances): Barcode => {
  check(distances);
  const edges = edgesOf(distances);
  const tree = spanningTree(edges);
  const pieces = [...tree].map((edge) => ({ birth: 0, death: edges.ms[edge] ?? 0 }));
  return {
    h0: [{ birth: 0, death: Number.POSITIVE_INFINITY }, ...longestFirst(pieces)],
    h1: longestFirst(loops(edges, tree, distances)),
  };
};

/**
 * Loops, by cohomology with clearing as in Ripser (Bauer 2021): coboundaries of edges are reduced over Z/2 from the
 * longest edge down, and edges of the tree are skipped, since they end pieces. From the enclosing radius on (the least
 * over points of the distance to the farthest other) the filtration is a cone and has no loop, so longer edges are cut.
 */
const loops = (edges: Edges, tree: ReadonlySet<number>, distances: Distances): readonly Bar[] => {
  const { n, ms } = edges;
  const radius = Math.min(...distances.map((row, i) => Math.max(0, ...row.filter((_, j) => j !== i))));
  const count = ms.findLastIndex((length) => length <= radius) + 1;
  const byPivot = new Map<number, Int32Array>();
  const bars: Bar[] = [];
  for (let edge = count - 1; edge >= 0; edge -= 1) {
    if (tree.has(edge)) continue;
    let column = coboundary(edges, edge, count);
    for (let other = byPivot.get(column[0] ?? -1); other; other = byPivot.get(column[0] ?? -1)) {
      column = symmetricDifference(column, other);
    }
    const [pivot] = column;
    // A cone leaves no loop without an end.
    if (pivot === undefined) continue;
    byPivot.set(pivot, column);
    bars.push({ birth: ms[edge] ?? 0, death: ms[Math.floor(pivot / n)] ?? 0 });
  }
  return bars;
};

/** Triangles with this edge, ascending: each is `longest edge * n + the point opposite`, which orders the filtration. */
const coboundary = ({ n, ends, rank }: Edges, edge: number, count: number): Int32Array => {
  const [i = 0, j = 0] = ends[edge] ?? [];
  const triangles: number[] = [];
  for (let k = 0; k < n; k += 1) {
    if (k === i || k === j) continue;
    const [ik, jk] = [rank[i * n + k] as number, rank[j * n + k] as number];
    const longest = Math.max(edge, ik, jk);
    if (longest < count) triangles.push(longest * n + (longest === edge ? k : longest === ik ? j : i));
  }
  return Int32Array.from(triangles).sort();
};

/** Of two ascending lists. */
const symmetricDifference = (a: Int32Array, b: Int32Array): Int32Array => {
  const out = new Int32Array(a.length + b.length);
  let [i, j, size] = [0, 0, 0];
  while (i < a.length || j < b.length) {
    const [x, y] = [a[i] ?? Number.POSITIVE_INFINITY, b[j] ?? Number.POSITIVE_INFINITY];
    if (x !== y) {
      out[size] = Math.min(x, y);
      size += 1;
    }
    if (x <= y) i += 1;
    if (y <= x) j += 1;
  }
  return out.slice(0, size);
};
