import type { Bar, Barcode } from './barcode.ts';

/** How far a bar is from having no length. */
const toDiagonal = ({ birth, death }: Bar): number => (death - birth) / 2;
const apart = (a: Bar, b: Bar): number => Math.max(Math.abs(a.birth - b.birth), Math.abs(a.death - b.death));

/**
 * The least e such that bars of both sides can be matched no more than e apart at both ends, those that are no longer
 * than 2 e also with nothing. Exact: e is one of the distances between two bars or of a bar to nothing, found by binary
 * search. Infinity when the numbers of bars without an end differ.
 */
export const bottleneckDistance = (a: readonly Bar[], b: readonly Bar[]): number => {
  const endless = (bars: readonly Bar[]): readonly number[] =>
    bars.flatMap(({ birth, death }) => (death === Number.POSITIVE_INFINITY ? [birth] : [])).sort((x, y) => x - y);
  const [endlessA, endlessB] = [endless(a), endless(b)];
  if (endlessA.length !== endlessB.length) return Number.POSITIVE_INFINITY;
  const forEndless = Math.max(0, ...endlessA.map((birth, i) => Math.abs(birth - (endlessB[i] ?? 0))));

  const finite = (bars: readonly Bar[]): readonly Bar[] => bars.filter(({ death }) => Number.isFinite(death));
  const [finiteA, finiteB] = [finite(a), finite(b)];
  const pairs = finiteA.flatMap((x) => finiteB.map((y) => apart(x, y)));
  const candidates = Float64Array.from(
    new Set([forEndless, ...pairs, ...finiteA.map(toDiagonal), ...finiteB.map(toDiagonal)]),
  )
    .sort()
    .filter((e) => e >= forEndless);
  let [fails, holds] = [-1, candidates.length - 1];
  while (holds - fails > 1) {
    const middle = Math.floor((fails + holds) / 2);
    if (matchable(finiteA, finiteB, candidates[middle] ?? 0)) holds = middle;
    else fails = middle;
  }
  return candidates[holds] ?? forEndless;
};

/** The larger distance of the two dimensions: it moves by no more than the largest change of a distance between machines. */
export const barcodeDistance = (a: Barcode, b: Barcode): number =>
  Math.max(bottleneckDistance(a.h0, b.h0), bottleneckDistance(a.h1, b.h1));

/**
 * Bars that are too long for nothing must be matched, on both sides. If each side's can be matched alone, both can at
 * once (Mendelsohn and Dulmage 1958), so nothing needs a place in the matching.
 */
const matchable = (a: readonly Bar[], b: readonly Bar[], e: number): boolean => covers(a, b, e) && covers(b, a, e);

const covers = (long: readonly Bar[], others: readonly Bar[], e: number): boolean => {
  const must = long.filter((bar) => toDiagonal(bar) > e);
  const matched = new Int32Array(others.length).fill(-1);
  /** Finds a path that frees a partner for one more bar (Kuhn's algorithm). */
  const place = (bar: number, seen: Uint8Array): boolean => {
    const here = must[bar];
    if (!here) return false;
    for (const [j, other] of others.entries()) {
      if (seen[j] || apart(here, other) > e) continue;
      seen[j] = 1;
      const holder = matched[j] ?? -1;
      if (holder === -1 || place(holder, seen)) {
        matched[j] = bar;
        return true;
      }
    }
    return false;
  };
  return must.every((_, bar) => place(bar, new Uint8Array(others.length)));
};
