import { StageState, stageKey } from '../../shared/messages/stage-job.ts';
import type { WorkerKind } from '../../shared/planning/choose-workers.ts';
import { explainJob } from '../../shared/planning/job-reasons.ts';
import { BatchJobRow, batchJobKey, tellingPart } from '../../shared/rows/batch-job.ts';
import { PlacementRow, placementKey } from '../../shared/rows/placement.ts';
import type { RunRow } from '../../shared/rows/run.ts';
import type { ApiDeps } from './deps.ts';

const WHERE: Readonly<Record<WorkerKind, string>> = {
  threads: 'with the threads of this process',
  warm: 'in the queue of warm workers',
  batch: 'with AWS Batch',
};

const explainBatchJob = async ({ store }: ApiDeps, { jobId }: PlacementRow): Promise<string[]> => {
  if (jobId === undefined) return [];
  const row = await store.get(batchJobKey(jobId));
  return row ? [`Batch job ${jobId} ${explainJob(tellingPart(BatchJobRow.parse(row.body)))}.`] : [];
};

/** Where stages are that no worker has taken, and why there. */
const explainPlacement = async (deps: ApiDeps, placed: PlacementRow | undefined): Promise<string[]> => {
  if (!placed) return ['No worker has taken its stages yet: they are about to be placed.'];
  const { epoch, on, because, waitingFor } = placed;
  const again = epoch > 1 ? ` It was placed ${epoch} times.` : '';
  if (waitingFor !== undefined) return [`No worker has taken its stages yet: ${waitingFor}.${again}`];
  const where = on ? ` They are ${WHERE[on]}${because === undefined ? '' : `, since ${because}`}.` : '';
  return [`No worker has taken its stages yet.${where}${again}`, ...(await explainBatchJob(deps, placed))];
};

/** How far a run's stages are, while they are what it waits for. */
export const explainStages = async (deps: ApiDeps, { run, state }: RunRow): Promise<string[]> => {
  if (state !== 'running' && state !== 'failed') return [];
  const { store, clock } = deps;
  const rows = await store.list(stageKey(run, 0).pk, { prefix: 'stage/', limit: 100 });
  const stages = rows.map((row) => StageState.parse(row.body));
  const stored = await store.get(placementKey(run));
  const placed = stored && PlacementRow.parse(stored.body);
  const taken = stages.some(({ job }) => !placed || job.epoch >= placed.epoch);
  const sentences = stages.map((stage) => {
    const which = `Stage ${stage.job.stage + 1} of ${stage.job.stages}`;
    if (stage.state === 'done') return `${which} is done.`;
    if (stage.state === 'failed') return `${which} failed on worker ${stage.worker}: ${stage.reason} (${stage.code})`;
    const leftMs = stage.leaseUntilMs - clock.nowMs();
    if (leftMs >= 0)
      return `${which} is with worker ${stage.worker}, whose lease has ${Math.ceil(leftMs / 1000)} s left.`;
    const then =
      placed && placed.epoch > stage.job.epoch ? 'it was placed again' : 'it is placed again at the next sweep';
    return `${which} was with worker ${stage.worker}, whose lease has run out; ${then}.`;
  });
  return taken ? sentences : [...sentences, ...(await explainPlacement(deps, placed))];
};
