import type { StageJob } from '../../shared/messages/stage-job.ts';
import { runStage, type StageOutcome, type StageWorker } from './run-stage.ts';

export interface Turn {
  /** Of the last stage that was begun. */
  readonly result: StageOutcome;
  readonly index: number;
}

/**
 * Runs consecutive stages one after another in this thread, each with what the one before gave, until one does not end well.
 * @param onBegin called before each
 * @throws as {@link runStage}
 */
export const runInTurn = async (
  jobs: readonly StageJob[],
  worker: StageWorker,
  onBegin: (job: StageJob) => void = () => undefined,
): Promise<Turn | undefined> => {
  let last: Turn | undefined;
  let before: Uint8Array | undefined;
  for (const [index, job] of jobs.entries()) {
    onBegin(job);
    const handed = before;
    const handedOver = handed && { take: () => handed, sealed: Promise.resolve(true) };
    const result = await runStage(job, worker, handedOver ? { handedOver } : {});
    last = { result, index };
    if (result.outcome !== 'done') break;
    before = result.output;
  }
  return last;
};
