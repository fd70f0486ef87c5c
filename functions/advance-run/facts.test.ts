import { expect, it } from 'vitest';
import type { RunRow } from '../../shared/rows/run.ts';
import type { AdvanceDeps } from './deps.ts';
import { gatherFacts } from './facts.ts';
import type { QueryView } from './view.ts';

it('fails, to come again, when the node behind the RPC has not seen the attempt of the run yet', async () => {
  const row = { run: { chainId: 'c', queryId: 1, attempt: 1, node: 'n' }, state: 'committed' } as RunRow;
  const view = { head: { height: 9, timeMs: 0 }, query: { attempt: 0 } } as QueryView;
  await expect(gatherFacts({} as AdvanceDeps, row, view)).rejects.toMatchObject({
    code: 'rpc-lags',
    family: 'transient',
  });
});
