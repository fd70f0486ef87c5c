import type { Logger } from '../../shared/log.ts';
import type { StageJob, StageJobsMessage } from '../../shared/messages/stage-job.ts';
import type { Queue } from '../../shared/ports/queue.ts';
import { PlacementRow, placementKey } from '../../shared/rows/placement.ts';
import { runInTurn } from './run-in-turn.ts';
import type { ReceiptSigner, StageOutcome, StageWorker } from './run-stage.ts';
import { recordStart } from './start-times.ts';

/** A worker that takes placements of all nodes of its deployment. */
export interface CloudWorker extends Omit<StageWorker, 'signer'> {
  readonly queue: Queue;
  readonly log: Logger;
  readonly signerOf: (node: string) => ReceiptSigner | undefined;
  readonly lingerMs: number;
  readonly lifeMs: number;
}

export interface Loaded {
  readonly placed: PlacementRow;
  readonly signer: ReceiptSigner;
}

/** What a message or a Batch job names; undefined when that placement is over: another epoch has begun, or never was one. */
export const loadPlacement = async (
  { store, signerOf, log }: CloudWorker,
  { run, epoch }: StageJobsMessage,
): Promise<Loaded | undefined> => {
  const row = await store.get(placementKey(run));
  const placed = row && PlacementRow.parse(row.body);
  const signer = signerOf(run.node);
  if (placed?.epoch === epoch && signer) return { placed, signer };
  log.info('nothing to run', { run, epoch, placedEpoch: placed?.epoch, nodeIsOurs: signer !== undefined });
  return undefined;
};

/**
 * Runs stages of a placement and notes how long they had waited.
 * @param onBegin called before each stage
 * @throws {QuorateError} as {@link runInTurn}
 */
export const runPlaced = async (
  worker: CloudWorker,
  { placed, signer }: Loaded,
  jobs: readonly StageJob[],
  onBegin?: (job: StageJob) => void,
): Promise<StageOutcome | undefined> => {
  const beganMs = worker.clock.nowMs();
  const last = await runInTurn(jobs, { ...worker, signer }, onBegin);
  const { on, placedMs } = placed;
  const first = jobs[0] === placed.jobs[0] && !(last?.index === 0 && last.result.outcome === 'refused');
  if (first && placedMs !== undefined && on && on !== 'threads') {
    await recordStart(worker, on, Math.max(0, beganMs - placedMs));
  }
  return last?.result;
};
