/**
 * Non-negative least squares: the x of which no element is negative that makes |A x - b| smallest. Lawson and Hanson,
 * Solving Least Squares Problems (1974), chapter 23, on the normal equations, which suits a handful of columns.
 * @param rows A by rows, all of one length; `b` one number per row
 */
export const nonNegativeLeastSquares = (rows: readonly (readonly number[])[], b: readonly number[]): number[] => {
  const count = rows[0]?.length ?? 0;
  const columns = Array.from({ length: count }, (_, j) => rows.map((row) => row[j] ?? 0));
  const gram = columns.map((a) => columns.map((c) => dot(a, c)));
  const target = columns.map((a) => dot(a, b));
  const tolerance = 1e-10 * Math.max(1e-300, ...target.map(Math.abs));
  let x = new Array<number>(count).fill(0);
  const passive = new Set<number>();
  // Each round enters one column; the bound guards against cycling by rounding errors.
  for (let round = 0; round < 3 * count; round += 1) {
    const gradient = target.map((t, j) => t - dot(gram[j] ?? [], x));
    const entering = argMax(gradient, (j) => !passive.has(j));
    if (entering === undefined || (gradient[entering] ?? 0) <= tolerance) break;
    passive.add(entering);
    x = settle(gram, target, x, passive);
  }
  return x;
};

/** Solves for the passive columns, leaving out those that would become negative. */
const settle = (
  gram: readonly (readonly number[])[],
  target: readonly number[],
  start: readonly number[],
  passive: Set<number>,
): number[] => {
  let x = [...start];
  for (;;) {
    const free = [...passive];
    const solved = solve(
      free.map((i) => free.map((j) => gram[i]?.[j] ?? 0)),
      free.map((i) => target[i] ?? 0),
    );
    const z = x.map((_, j) => (passive.has(j) ? (solved[free.indexOf(j)] ?? 0) : 0));
    const blocking = free.filter((j) => (z[j] ?? 0) <= 0);
    if (blocking.length === 0) return z;
    const ratio = (j: number): number => (x[j] ?? 0) / ((x[j] ?? 0) - (z[j] ?? 0) || 1);
    const step = Math.min(...blocking.map(ratio));
    for (const j of blocking) if (ratio(j) <= step) passive.delete(j);
    x = x.map((value, j) => (passive.has(j) ? value + step * ((z[j] ?? 0) - value) : 0));
  }
};

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, v, i) => sum + v * (b[i] ?? 0), 0);

const argMax = (values: readonly number[], allowed: (index: number) => boolean): number | undefined => {
  let best: number | undefined;
  values.forEach((value, j) => {
    if (allowed(j) && (best === undefined || value > (values[best] ?? 0))) best = j;
  });
  return best;
};

/** Gauss with pivots; a column that depends on the others gets 0. */
const solve = (matrix: readonly (readonly number[])[], right: readonly number[]): number[] => {
  const rows = matrix.map((row, i) => [...row, right[i] ?? 0]);
  const n = rows.length;
  for (let k = 0; k < n; k += 1) {
    const pivot = argMax(
      rows.map((row) => Math.abs(row[k] ?? 0)),
      (i) => i >= k,
    ) as number;
    [rows[k], rows[pivot]] = [rows[pivot] as number[], rows[k] as number[]];
    const lead = rows[k] as number[];
    if (Math.abs(lead[k] ?? 0) < 1e-300) continue;
    for (const row of rows) {
      if (row === lead) continue;
      const factor = (row[k] ?? 0) / (lead[k] ?? 1);
      for (let j = k; j <= n; j += 1) row[j] = (row[j] ?? 0) - factor * (lead[j] ?? 0);
    }
  }
  return rows.map((row, k) => (Math.abs(row[k] ?? 0) < 1e-300 ? 0 : (row[n] ?? 0) / (row[k] ?? 1)));
};
