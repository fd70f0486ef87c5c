import type { Logger } from '../../shared/log.ts';
import type { StartedKind } from '../../shared/planning/choose-workers.ts';
import type { Store } from '../../shared/ports/store.ts';
import { START_SAMPLES, StartTimesRow, startTimesKey } from '../../shared/rows/workers.ts';

/**
 * Adds a measured start to the last ones of its kind. Only a hint for later choices: when another worker writes at the same moment, or the
 * store does not answer, this one is left out.
 */
export const recordStart = async (
  { store, log }: { readonly store: Store; readonly log: Logger },
  kind: StartedKind,
  tookMs: number,
): Promise<void> => {
  const key = startTimesKey(kind);
  try {
    const row = await store.get(key);
    const before = row ? StartTimesRow.parse(row.body).timesMs : [];
    const body = { timesMs: [...before, Math.round(tookMs)].slice(-START_SAMPLES) };
    await store.transact([{ kind: 'put', key, body, expect: row ? { version: row.version } : 'absent' }]);
  } catch (error) {
    log.debug('a start time was not kept', { kind, error });
  }
};
