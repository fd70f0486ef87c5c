import type { AdvanceMessage } from '../../shared/messages/advance.ts';
import { ensureRuns, recordQuery, refuseInvented } from './advance-query.ts';
import { advanceRun } from './advance-run.ts';
import type { AdvanceDeps } from './deps.ts';
import { readView } from './view.ts';

/**
 * One message in; next states and effects out. Level-triggered: the message only says where to look, so duplicates, delays and
 * reorderings change nothing (promise P3).
 */
export const advance = async (deps: AdvanceDeps, message: AdvanceMessage): Promise<void> => {
  const { queryId } = message.kind === 'query' ? message.query : message.run;
  const view = await readView(deps.chain, queryId);
  if (!view.query) {
    if (message.kind === 'query') await refuseInvented(deps, queryId, message.eventId, view.head);
    return;
  }
  if (message.kind !== 'query') {
    await advanceRun(deps, message.run, view);
    return;
  }
  await recordQuery(deps, view);
  for (const run of await ensureRuns(deps, view)) await advanceRun(deps, run, view);
};
