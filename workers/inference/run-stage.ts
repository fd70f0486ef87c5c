import { BadInputError, InvariantError, TransientError } from '../../shared/errors.ts';
import type { AdvanceMessage } from '../../shared/messages/advance.ts';
import { runId } from '../../shared/messages/ids.ts';
import { type StageJob, StageState, stageJobId, stageKey } from '../../shared/messages/stage-job.ts';
import { type Manifest, parseManifest } from '../../shared/model/manifest.ts';
import { outboxWrite } from '../../shared/outbox.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { NodeKeys } from '../../shared/ports/signer.ts';
import type { Store, Write } from '../../shared/ports/store.ts';
import { fromHex } from '../../shared/protocol/encoding.ts';
import { encodeReceipt, encodeSignedReceipt } from '../../shared/protocol/receipt.ts';
import { computeStage, type StageMachine, type StageResult, stageInputRoot } from './compute-stage.ts';
import { claimStage, type Lease, LeaseLostError, type LeaseOptions } from './lease.ts';
import { localRuntime } from './runtime.ts';

export type ReceiptSigner = Pick<NodeKeys, 'address' | 'signReceipt'>;

/** What a worker runs stages with. */
export interface StageWorker extends StageMachine {
  readonly store: Store;
  readonly clock: Clock;
  readonly signer: ReceiptSigner;
  /** Names this worker in stage rows. */
  readonly worker: string;
  readonly replaces?: NonNullable<LeaseOptions['replaces']>;
  readonly leaseMs: number;
}

export type StageOutcome =
  /** `output` is for the next stage: activations, or the result after the last. */
  | { readonly outcome: 'done'; readonly output: Uint8Array }
  /** Nothing was written by this call. */
  | { readonly outcome: 'refused' | 'lease-lost'; readonly reason: string }
  /** Written down for good in the row: will not work on a retry either. */
  | { readonly outcome: 'failed'; readonly code: string; readonly reason: string };

/**
 * Runs one stage of one run: claims its row, computes, puts output and signed receipt, and writes the row as done;
 * after the last stage, and when a stage fails for good, with a message to `advance-run` in the same transaction. A
 * job that is done already gives its output again.
 * @param handedOver what the worker of the stage before gave directly, for jobs whose input is from 'previous'
 * @throws {QuorateError} of other families than bad input, for the host to report: the stage may be tried again in the
 *   next epoch
 */
export const runStage = async (job: StageJob, worker: StageWorker, handedOver?: Uint8Array): Promise<StageOutcome> => {
  const claim = await claimStage(job, worker);
  if (claim.outcome === 'done') return { outcome: 'done', output: await worker.blobs.get(claim.state.output) };
  if (claim.outcome === 'refused') return claim;
  try {
    return await underLease(job, worker, claim.lease, handedOver);
  } catch (error) {
    if (error instanceof LeaseLostError) return { outcome: 'lease-lost', reason: error.message };
    throw error;
  }
};

const underLease = async (
  job: StageJob,
  worker: StageWorker,
  lease: Lease,
  handedOver: Uint8Array | undefined,
): Promise<StageOutcome> => {
  const startedMs = Math.floor(worker.clock.nowMs());
  try {
    const manifest = await manifestOf(job, worker);
    const input = await inputOf(job, worker, handedOver);
    const runtime = localRuntime(manifest.runtime);
    const result = await computeStage(worker, { manifest, runtime, stage: job.stage, ...input }, lease.keep);
    await writeDone(job, worker, lease, {
      result,
      startedMs,
      shard: manifest.stages[job.stage]?.shard ?? '',
      runtimeClass: runtime.class,
    });
    return { outcome: 'done', output: result.output };
  } catch (error) {
    if (!(error instanceof BadInputError)) throw error;
    const { code, message: reason } = error;
    await lease.finish({ state: 'failed', job, worker: worker.worker, code, reason }, [advance(job, worker.clock)]);
    return { outcome: 'failed', code, reason };
  }
};

const manifestOf = async (job: StageJob, { blobs }: StageWorker): Promise<Manifest> => {
  const manifest = parseManifest(await blobs.get(job.model));
  if (manifest.stages.length === job.stages) return manifest;
  throw new BadInputError(
    'stages-differ',
    `the job counts ${job.stages} stages, the model has ${manifest.stages.length}`,
    {
      next: 'place the run again with the stages of its model',
    },
  );
};

interface StageBytes {
  readonly input: Uint8Array;
  readonly inRoot: string;
}

/**
 * The stage's input, checked against what the stage before wrote down: a stage never continues from other bytes than
 * those receipted.
 */
const inputOf = async (job: StageJob, worker: StageWorker, handedOver: Uint8Array | undefined): Promise<StageBytes> => {
  const input = job.input.from === 'blob' ? await worker.blobs.get(job.input.hash) : handedOver;
  if (!input) {
    throw new TransientError('hand-over-missing', `stage ${job.stage} got nothing from the stage before`, {
      next: 'start the stage again from the output blob of the stage before',
    });
  }
  if (job.stage === 0) return { input, inRoot: stageInputRoot(0, input) };
  const row = await worker.store.get(stageKey(job.run, job.stage - 1));
  const before = row && StageState.parse(row.body);
  if (before?.state !== 'done') {
    throw new TransientError('stage-before-not-done', `stage ${job.stage - 1} is ${before?.state ?? 'not there'}`, {
      next: 'start the stage again when the stage before is done',
    });
  }
  const inRoot = rootOrDamage(job.stage, input);
  if (inRoot === before.outRoot) return { input, inRoot };
  throw new InvariantError(
    'in-root-differs',
    `stage ${job.stage} received ${inRoot}; stage ${job.stage - 1} gave ${before.outRoot}`,
    { next: 'start the stage again from the output blob of the stage before' },
  );
};

/**
 * Bytes damaged on the way are no fault of the query: they differ from what was receipted, and must not fail the run
 * for good.
 */
const rootOrDamage = (stage: number, input: Uint8Array): string => {
  try {
    return stageInputRoot(stage, input);
  } catch (error) {
    if (error instanceof BadInputError) return error.code;
    throw error;
  }
};

interface Done {
  readonly result: StageResult;
  readonly startedMs: number;
  readonly shard: string;
  readonly runtimeClass: string;
}

const writeDone = async (job: StageJob, worker: StageWorker, lease: Lease, done: Done): Promise<void> => {
  const { inRoot, outRoot } = done.result;
  const output = await worker.blobs.put(done.result.output);
  const receipt = await worker.blobs.put(await signedReceipt(job, worker, done));
  const state: StageState = { state: 'done', job, worker: worker.worker, inRoot, outRoot, output, receipt };
  await lease.finish(state, job.stage === job.stages - 1 ? [advance(job, worker.clock)] : []);
};

const signedReceipt = async (job: StageJob, worker: StageWorker, done: Done): Promise<Uint8Array> => {
  const receipt = {
    queryHash: fromHex(job.queryHash),
    attempt: job.run.attempt,
    node: worker.signer.address,
    stage: job.stage,
    stages: job.stages,
    shard: fromHex(done.shard),
    inRoot: fromHex(done.result.inRoot),
    outRoot: fromHex(done.result.outRoot),
    runtimeClass: done.runtimeClass,
    units: done.result.units,
    startedMs: done.startedMs,
    endedMs: Math.floor(worker.clock.nowMs()),
  };
  return encodeSignedReceipt({ receipt, signature: await worker.signer.signReceipt(encodeReceipt(receipt)) });
};

const advance = (job: StageJob, clock: Clock): Write => {
  const message: AdvanceMessage = { kind: 'stage', run: job.run, stage: job.stage };
  return outboxWrite(
    'advance-run',
    { id: `${stageJobId(job)}/end`, group: runId(job.run), body: JSON.stringify(message) },
    clock.nowMs(),
  );
};
