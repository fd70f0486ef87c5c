import { heightOf } from '../../shared/chain/compare-events.ts';
import { TransientError } from '../../shared/errors.ts';
import type { AdvanceMessage } from '../../shared/messages/advance.ts';
import type { Head } from '../../shared/ports/chain.ts';
import { ConditionFailedError } from '../../shared/ports/store-errors.ts';
import { ensureRuns, recordQuery, refuseInvented } from './advance-query.ts';
import { advanceRun } from './advance-run.ts';
import { allOf } from './all-of.ts';
import type { AdvanceDeps } from './deps.ts';
import { type QueryView, readView } from './view.ts';

/**
 * One message in; next states and effects out. Level-triggered: the message only says where to look, so duplicates, delays and
 * reorderings change nothing (promise P3).
 */
export const advance = async (deps: AdvanceDeps, message: AdvanceMessage): Promise<void> => {
  const { queryId } = 'query' in message ? message.query : message.run;
  const view = await readView(deps.chain, queryId);
  if (message.kind === 'query') {
    refuseLag(view.head, heightOf(deps.chain.chainId, message.eventId));
    if (!view.query) return await refuseInvented(deps, queryId, message.eventId);
    // The runs' own way to their workers waits for nothing that only readers see.
    await allOf([recordQuery(deps, view), advanceAll(deps, view)]);
  } else if (view.query) {
    await (message.kind === 'height' ? advanceAll(deps, view) : advanceRun(deps, message.run, view));
  }
};

/** A state older than what the message tells of would leave its runs where they are, and no other message tells of it. */
const refuseLag = (head: Head, height: number): void => {
  if (head.height >= height) return;
  throw new TransientError('rpc-lags', `the node is at ${head.height}, the event was at ${height}`);
};

/** Two runs may plan the settlement that they share at the same moment: the second looks once more, and finds it. */
const advanceAll = async (deps: AdvanceDeps, view: QueryView): Promise<void> => {
  const runs = await ensureRuns(deps, view);
  await allOf(
    runs.map((run) =>
      advanceRun(deps, run, view).catch((error: unknown) => {
        if (!(error instanceof ConditionFailedError)) throw error;
        return advanceRun(deps, run, view);
      }),
    ),
  );
};
