import { withTrace } from '../../shared/trace.ts';
import { type BatchJob, EXIT, runBatchJob } from './batch-job.ts';
import type { CloudWorker } from './cloud-worker.ts';
import { othersPresent } from './presence.ts';
import { stay } from './stay.ts';

/**
 * A container's life: what its Batch job was told, if it is one, then staying for others. A job that came too late stays only where nobody
 * else does, lest a pile of late jobs keeps machines busy with waiting.
 * @returns the exit code
 */
export const live = async (worker: CloudWorker, job: BatchJob | undefined, signal: AbortSignal): Promise<number> => {
  if (job) {
    const { code, mayStay, inTime } = await withTrace(job.trace, () => runBatchJob(worker, job));
    if (code !== EXIT.ok || !mayStay || signal.aborted) return code;
    if (!inTime && (await othersPresent(worker))) return code;
  }
  await stay(worker, signal);
  return EXIT.ok;
};
