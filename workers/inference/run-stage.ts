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
import type { UnsealedResults } from './unsealed.ts';

export type ReceiptSigner = Pick<NodeKeys, 'address' | 'signReceipt'>;

/** What a worker runs stages with. */
export interface StageWorker extends StageMachine {
  readonly store: Store;
  readonly clock: Clock;
  readonly signer: ReceiptSigner;
  readonly unsealed: UnsealedResults;
  /** Names this worker in stage rows. */
  readonly worker: string;
  readonly replaces?: NonNullable<LeaseOptions['replaces']>;
  readonly leaseMs: number;
}

/** What the worker of the stage before gives directly, as soon as it has it. */
export interface HandedOver {
  /** The input, once: its sender may then send more. */
  take(): Uint8Array;
  /** Whether that stage has been written down as done since; false when it never will be by that worker. */
  readonly sealed: Promise<boolean>;
}

export interface StageTerms {
  readonly handedOver?: HandedOver;
  /** Called with the output before anything is written down, so that the next stage computes meanwhile. */
  readonly onOutput?: (output: Uint8Array) => void;
  /** Runs what claims and computes, one stage at a time: writing down may overlap with the next. Default: at once. */
  readonly inTurn?: <T>(compute: () => Promise<T>) => Promise<T>;
}

export type StageOutcome =
  /**
   * `output` is for the next stage: activations, or the result after the last. `computeMs` is the time in graph and
   * codecs, unless that had been done before.
   */
  | { readonly outcome: 'done'; readonly output: Uint8Array; readonly computeMs?: number }
  /** Nothing was written by this call. */
  | { readonly outcome: 'refused' | 'lease-lost'; readonly reason: string }
  /** Written down for good in the row: will not work on a retry either. */
  | { readonly outcome: 'failed'; readonly code: string; readonly reason: string };

/**
 * Runs one stage of one run: claims its row, computes, puts output and signed receipt, and writes the row as done;
 * after the last stage, and when a stage fails for good, with a message to `advance-run` in the same transaction. A
 * job that is done already gives its output again. What was handed over is computed with at once, but a row is
 * written only when the stage before is written down with the same bytes.
 * @param terms `handedOver` for jobs whose input is from 'previous'
 * @throws {QuorateError} of other families than bad input, for the host to report: the stage may be tried again in the
 *   next epoch
 */
export const runStage = async (job: StageJob, worker: StageWorker, terms: StageTerms = {}): Promise<StageOutcome> => {
  const { inTurn = (compute) => compute() } = terms;
  try {
    const step = await inTurn(() => begin(job, worker, terms));
    return 'write' in step ? await step.write() : step;
  } catch (error) {
    if (error instanceof LeaseLostError) return { outcome: 'lease-lost', reason: error.message };
    throw error;
  }
};

/** What is left to do when a stage has computed. */
interface Computed {
  write(): Promise<StageOutcome>;
}

const begin = async (job: StageJob, worker: StageWorker, terms: StageTerms): Promise<StageOutcome | Computed> => {
  const claim = await claimStage(job, worker);
  if (claim.outcome === 'refused') return claim;
  if (claim.outcome === 'done') {
    const output = await worker.blobs.get(claim.state.output);
    terms.onOutput?.(output);
    return { outcome: 'done', output };
  }
  const { lease } = claim;
  const startedMs = Math.floor(worker.clock.nowMs());
  try {
    const manifest = await manifestOf(job, worker);
    const input = await inputOf(job, worker, terms.handedOver);
    const runtime = localRuntime(manifest.runtime);
    try {
      const shard = manifest.stages[job.stage]?.shard ?? '';
      const task = { manifest, runtime, stage: job.stage, input };
      const beganMs = worker.clock.nowMs();
      const kept = keptResult(job, worker, input);
      const result = kept ?? (await computeStage(worker, task, lease.keep));
      const endedMs = worker.clock.nowMs();
      terms.onOutput?.(result.output);
      const computeMs = kept ? undefined : endedMs - beganMs;
      const done = { input, result, startedMs, endedMs, computeMs, shard, runtimeClass: runtime.class };
      return { write: () => writeDone(job, worker, lease, terms, done) };
    } catch (error) {
      // Bytes that are not those receipted are no fault of the query, whatever they lead to.
      if (error instanceof BadInputError) {
        await assertReceipted(job, worker, terms.handedOver, rootOrDamage(job.stage, input));
      }
      throw error;
    }
  } catch (error) {
    if (!(error instanceof BadInputError)) throw error;
    const { code, message: reason } = error;
    await lease.finish({ state: 'failed', job, worker: worker.worker, code, reason }, [advance(job, worker.clock)]);
    return { outcome: 'failed', code, reason };
  }
};

/** Names the run too: what one node computed is never another's. */
const resultKey = ({ run, stage }: StageJob): string => `${runId(run)}/${stage}`;

const keptResult = (job: StageJob, worker: StageWorker, input: Uint8Array): StageResult | undefined => {
  const kept = worker.unsealed.take(resultKey(job));
  return kept && kept.inRoot === rootOrDamage(job.stage, input) ? kept.result : undefined;
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

const inputOf = async (job: StageJob, worker: StageWorker, handedOver: HandedOver | undefined): Promise<Uint8Array> => {
  if (job.input.from === 'blob') return worker.blobs.get(job.input.hash);
  if (handedOver) return handedOver.take();
  throw new TransientError('hand-over-missing', `stage ${job.stage} got nothing from the stage before`, {
    next: 'start the stage again from the output blob of the stage before',
  });
};

/** A stage never ends from other bytes than those that the stage before wrote down. */
const assertReceipted = async (
  job: StageJob,
  worker: StageWorker,
  handedOver: HandedOver | undefined,
  inRoot: string,
): Promise<void> => {
  if (job.stage === 0) return;
  if (job.input.from === 'previous') await handedOver?.sealed;
  const row = await worker.store.get(stageKey(job.run, job.stage - 1));
  const before = row && StageState.parse(row.body);
  if (before?.state !== 'done') {
    throw new TransientError('stage-before-not-done', `stage ${job.stage - 1} is ${before?.state ?? 'not there'}`, {
      next: 'start the stage again when the stage before is done',
    });
  }
  if (inRoot === before.outRoot) return;
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
  readonly input: Uint8Array;
  readonly result: StageResult;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly computeMs: number | undefined;
  readonly shard: string;
  readonly runtimeClass: string;
}

const writeDone = async (
  job: StageJob,
  worker: StageWorker,
  lease: Lease,
  { handedOver }: StageTerms,
  done: Done,
): Promise<StageOutcome> => {
  // Digests take their time, so they are made here, when the next stage has its input.
  const { output } = done.result;
  const outRoot = done.result.outRoot();
  const inRoot = rootOrDamage(job.stage, done.input);
  const [outputHash, receipt] = await Promise.all([
    worker.blobs.put(output),
    signedReceipt(job, worker, done, inRoot).then((bytes) => worker.blobs.put(bytes)),
    assertReceipted(job, worker, handedOver, inRoot).catch((error: unknown) => {
      if (error instanceof TransientError) worker.unsealed.keep(resultKey(job), { inRoot, result: done.result });
      throw error;
    }),
  ]);
  const state: StageState = { state: 'done', job, worker: worker.worker, inRoot, outRoot, output: outputHash, receipt };
  await lease.finish(state, job.stage === job.stages - 1 ? [advance(job, worker.clock)] : []);
  return { outcome: 'done', output, ...(done.computeMs !== undefined && { computeMs: done.computeMs }) };
};

const signedReceipt = async (job: StageJob, worker: StageWorker, done: Done, inRoot: string): Promise<Uint8Array> => {
  const receipt = {
    queryHash: fromHex(job.queryHash),
    attempt: job.run.attempt,
    node: worker.signer.address,
    stage: job.stage,
    stages: job.stages,
    shard: fromHex(done.shard),
    inRoot: fromHex(inRoot),
    outRoot: fromHex(done.result.outRoot()),
    runtimeClass: done.runtimeClass,
    units: done.result.units,
    startedMs: done.startedMs,
    endedMs: Math.floor(done.endedMs),
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
