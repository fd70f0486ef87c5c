import { runId } from '../messages/ids.ts';
import type { StageJobsMessage } from '../messages/stage-job.ts';
import type { JobHost } from '../ports/job-host.ts';
import type { Queue } from '../ports/queue.ts';

/**
 * Tells whichever worker that stays is free next. Fair between nodes; told twice, the second finds the stages claimed.
 * @param trace of what is being handled, for whoever looks on
 */
export const queueHost = (queue: Queue, trace?: () => string | undefined): JobHost => ({
  start: async ([first]) => {
    if (!first) return { outcome: 'started' };
    const { run, epoch } = first;
    const body = JSON.stringify({ run, epoch } satisfies StageJobsMessage);
    const id = `${runId(run)}/epoch-${epoch}`;
    const by = trace?.();
    await queue.send('stage-jobs', [{ id, group: run.node, body, ...(by !== undefined && { trace: by }) }]);
    return { outcome: 'started' };
  },
});
