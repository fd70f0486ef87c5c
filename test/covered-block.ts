import type { CoverageRow } from '../shared/rows/coverage.ts';

/** What a watcher keeps of a height, on a chain whose block at height h has the hash `H<h>`. */
export const coveredBlock = (height: number, change: Partial<CoverageRow> = {}): CoverageRow => ({
  height,
  hash: `H${height}`,
  parentHash: `H${height - 1}`,
  events: 2,
  passId: 'p',
  atMs: 1,
  ...change,
});
