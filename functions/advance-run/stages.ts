import { InvariantError } from '../../shared/errors.ts';
import type { RunRef } from '../../shared/messages/ids.ts';
import { StageState, stageKey } from '../../shared/messages/stage-job.ts';
import type { Blobs } from '../../shared/ports/blobs.ts';
import type { Store } from '../../shared/ports/store.ts';
import { toHex } from '../../shared/protocol/encoding.ts';
import { receiptsRoot } from '../../shared/protocol/receipt.ts';
import type { RunRow } from '../../shared/rows/run.ts';

export type StagesOutcome =
  | { readonly state: 'unfinished' }
  | { readonly state: 'done'; readonly result: NonNullable<RunRow['result']> }
  | { readonly state: 'failed'; readonly reason: string };

/** What the workers of a run have reached, from the rows that only they write. */
export const stagesOutcome = async (store: Store, blobs: Blobs, run: RunRef): Promise<StagesOutcome> => {
  const rows = await store.list(stageKey(run, 0).pk, { prefix: 'stage/', limit: 100 });
  const stages = rows.map((row) => StageState.parse(row.body)).sort((a, b) => a.job.stage - b.job.stage);
  const failed = stages.find((stage) => stage.state === 'failed');
  if (failed?.state === 'failed') return { state: 'failed', reason: `stage ${failed.job.stage}: ${failed.reason}` };
  const done = stages.filter((stage) => stage.state === 'done');
  const last = done.at(-1);
  if (!last || done.length !== last.job.stages) return { state: 'unfinished' };
  done.forEach((stage, i) => {
    const previous = done[i - 1];
    if (previous && previous.outRoot !== stage.inRoot) {
      throw new InvariantError(
        'receipts-do-not-chain',
        `stage ${i} read ${stage.inRoot}, stage ${i - 1} wrote ${previous.outRoot}`,
      );
    }
  });
  const receipts = done.map((stage) => stage.receipt);
  const root = receiptsRoot(await Promise.all(receipts.map((hash) => blobs.get(hash))));
  return { state: 'done', result: { digest: last.outRoot, output: last.output, receiptsRoot: toHex(root), receipts } };
};
