import { runId } from '../messages/ids.ts';
import type { StageJobsMessage } from '../messages/stage-job.ts';
import type { JobHost } from '../ports/job-host.ts';
import type { Queue } from '../ports/queue.ts';

/** Tells whichever worker that stays is free next. Fair between nodes; told twice, the second finds the stages claimed. */
export const queueHost = (queue: Queue): JobHost => ({
  start: async ([first]) => {
    if (!first) return { outcome: 'started' };
    const { run, epoch } = first;
    const body = JSON.stringify({ run, epoch } satisfies StageJobsMessage);
    await queue.send('stage-jobs', [{ id: `${runId(run)}/epoch-${epoch}`, group: run.node, body }]);
    return { outcome: 'started' };
  },
});
