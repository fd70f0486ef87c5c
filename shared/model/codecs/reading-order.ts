import type { Box } from './pixels.ts';

/** Boxes share a row when they overlap vertically by at least this part of the lower one's height. */
const ROW_OVERLAP = 0.5;

const centre = (box: Box): number => (box.top + box.bottom) / 2;

/** Vertical band of a row: the means of its boxes' edges, so that one tall box does not swallow the rows beside it. */
const band = (row: readonly Box[]): { top: number; bottom: number } => ({
  top: row.reduce((sum, box) => sum + box.top, 0) / row.length,
  bottom: row.reduce((sum, box) => sum + box.bottom, 0) / row.length,
});

const sameRow = (row: readonly Box[], box: Box): boolean => {
  const { top, bottom } = band(row);
  const overlap = Math.min(bottom, box.bottom) - Math.max(top, box.top);
  return overlap >= ROW_OVERLAP * Math.min(bottom - top, box.bottom - box.top);
};

/**
 * Rows from top to bottom, the boxes of a row from left to right. Ties go by the next edge, so equal boxes give equal
 * order.
 */
export const readingOrder = (boxes: readonly Box[]): Box[][] => {
  const rows: Box[][] = [];
  for (const box of [...boxes].sort((a, b) => centre(a) - centre(b) || a.left - b.left || a.top - b.top)) {
    const row = rows.find((candidate) => sameRow(candidate, box));
    if (row) row.push(box);
    else rows.push([box]);
  }
  const sorted = rows.map((row) => row.sort((a, b) => a.left - b.left || a.top - b.top));
  return sorted.sort((a, b) => band(a).top - band(b).top);
};
