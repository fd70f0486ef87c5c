import type { JobHost } from '../../shared/ports/job-host.ts';
import { runInTurn } from './run-in-turn.ts';
import type { StageWorker } from './run-stage.ts';

/**
 * Runs stages one after another in the caller's thread, before `start` resolves: for simulations, in which every call
 * of a port is seen. What a port throws comes out of `start`; the stage then stays claimed until its lease ends, as
 * after a crash.
 */
export const inlineHost = (worker: StageWorker): JobHost => ({
  start: async (jobs) => {
    const last = await runInTurn(jobs, worker);
    return { outcome: last?.index === 0 && last.result.outcome === 'refused' ? 'already-started' : 'started' };
  },
});
