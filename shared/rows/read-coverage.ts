import type { Row, Store } from '../ports/store.ts';
import { type CoverageRow, CoverageStretch, coverageKey } from './coverage.ts';

/** Most rows of one page: each may hold many heights. */
const PAGE = 100;

/** What is covered of heights `from` to `to`, each with the version of the row that holds it. */
export async function* coverageBetween(
  store: Pick<Store, 'list'>,
  chainId: string,
  from: number,
  to: number,
): AsyncGenerator<CoverageRow & Pick<Row, 'version'>> {
  if (to < from) return;
  let { pk, sk: after } = coverageKey(chainId, from - 1);
  // No more rows than heights: a short range costs a short page.
  const limit = Math.min(PAGE, to - from + 1);
  for (;;) {
    const rows = await store.list(pk, { after, limit });
    for (const { sk, body, version } of rows) {
      for (const block of CoverageStretch.parse(body).blocks) {
        if (block.height >= from && block.height <= to) yield { ...block, version };
      }
      after = sk;
    }
    if (rows.length < limit || after >= coverageKey(chainId, to).sk) return;
  }
}

/** @returns undefined for a height that was not read */
export const coverageAt = async (
  store: Pick<Store, 'list'>,
  chainId: string,
  height: number,
): Promise<CoverageRow | undefined> => {
  for await (const block of coverageBetween(store, chainId, height, height)) return block;
  return undefined;
};
