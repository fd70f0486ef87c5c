import { z } from 'zod';
import { Hash, RunRef, runId } from './ids.ts';

/** Where a stage's input comes from: a blob, or the worker of the stage before, directly. */
export const StageInput = z.discriminatedUnion('from', [
  z.strictObject({ from: z.literal('blob'), hash: Hash }),
  z.strictObject({ from: z.literal('previous') }),
]);
export type StageInput = z.infer<typeof StageInput>;

/** One stage of one run, placed on a worker. `epoch` fences: a worker of an older epoch can write nothing. */
export const StageJob = z.strictObject({
  run: RunRef,
  /** Lower-case hex; binds chain, contract and query in receipts. */
  queryHash: Hash,
  /** Hash of the model's manifest blob. */
  model: Hash,
  stage: z.int().nonnegative(),
  stages: z.int().positive(),
  epoch: z.int().positive(),
  input: StageInput,
});
export type StageJob = z.infer<typeof StageJob>;

/**
 * Queue `stage-jobs`, and what a Batch job is told: the placement whose stages to run. The jobs themselves are in its row, so a message of
 * an older epoch starts nothing.
 */
export const StageJobsMessage = z.strictObject({ run: RunRef, epoch: z.int().positive() });
export type StageJobsMessage = z.infer<typeof StageJobsMessage>;

/** @returns undefined for what is no such message */
export const parseStageJobs = (text: string): StageJobsMessage | undefined => {
  try {
    return StageJobsMessage.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
};

/** Environment variable of a Batch job that holds its StageJobsMessage as JSON. */
export const JOBS_VARIABLE = 'QUORATE_JOBS';
/** And the one that holds its trace, named as Lambda names it to a function. */
export const TRACE_VARIABLE = '_X_AMZN_TRACE_ID';

/** Deterministic: starting the same job twice is noticed by the host. */
export const stageJobId = (job: StageJob): string => `${runId(job.run)}/stage-${job.stage}/epoch-${job.epoch}`;

/** Partition and row of a stage's state, written by its worker only. */
export const stageKey = (run: RunRef, stage: number) => ({ pk: `run/${runId(run)}`, sk: `stage/${stage}` });

/** List of stage rows by the end of their lease (ms): what reconcile looks through for dead workers. */
export const STAGE_LEASES = 'stage-lease';

/** Body of a stage row. */
export const StageState = z.discriminatedUnion('state', [
  z.strictObject({
    state: z.literal('claimed'),
    job: StageJob,
    /** Which worker holds the lease. */
    worker: z.string().min(1),
    leaseUntilMs: z.number(),
  }),
  z.strictObject({
    state: z.literal('done'),
    job: StageJob,
    worker: z.string().min(1),
    /** Result digest (docs/protocol.md section 1) of what went in and came out, lower-case hex. */
    inRoot: Hash,
    outRoot: Hash,
    /** Blob that holds the output: activations, or the result's bytes after the last stage. */
    output: Hash,
    /** Blob that holds `frame("quorate/signed-receipt/v1", receipt, signature)`. */
    receipt: Hash,
  }),
  z.strictObject({
    state: z.literal('failed'),
    job: StageJob,
    worker: z.string().min(1),
    /** Stable code of the error and its message: what will not work on a retry either. */
    code: z.string(),
    reason: z.string(),
  }),
]);
export type StageState = z.infer<typeof StageState>;
