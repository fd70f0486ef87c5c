import type { StageJob } from '../../shared/messages/stage-job.ts';
import type { JobHost } from '../../shared/ports/job-host.ts';
import { runStage, type StageWorker } from './run-stage.ts';

/**
 * Runs stages one after another in the caller's thread, before `start` resolves: for simulations, in which every call
 * of a port is seen. What a port throws comes out of `start`; the stage then stays claimed until its lease ends, as
 * after a crash.
 */
export const inlineHost = (worker: StageWorker): JobHost => ({
  start: async (jobs: readonly StageJob[]) => {
    let handedOver: Uint8Array | undefined;
    for (const [index, job] of jobs.entries()) {
      const result = await runStage(job, worker, handedOver);
      if (result.outcome !== 'done') {
        return index === 0 && result.outcome === 'refused' ? { outcome: 'already-started' } : { outcome: 'started' };
      }
      handedOver = result.output;
    }
    return { outcome: 'started' };
  },
});
