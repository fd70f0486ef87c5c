import { z } from 'zod';
import { BadInputError, QuorateError, TransientError } from '../../shared/errors.ts';
import {
  JOBS_VARIABLE,
  parseStageJobs,
  type StageJob,
  type StageJobsMessage,
  StageState,
  stageKey,
  TRACE_VARIABLE,
} from '../../shared/messages/stage-job.ts';
import type { Store } from '../../shared/ports/store.ts';
import { batchWorker } from '../../shared/rows/batch-job.ts';
import { type CloudWorker, loadPlacement, runPlaced } from './cloud-worker.ts';

/** Of sysexits.h; the job definition's retry strategy knows 75, and retries nothing else of ours. */
export const EXIT = { ok: 0, badInput: 64, software: 70, transient: 75 } as const;

const Variables = z.object({
  /** Of an array's child: `base:index`. */
  AWS_BATCH_JOB_ID: z.string().min(1),
  /** 1 for the first. */
  AWS_BATCH_JOB_ATTEMPT: z.coerce.number().int().positive(),
  AWS_BATCH_JOB_ARRAY_INDEX: z.coerce.number().int().nonnegative().optional(),
});

/** What AWS Batch tells a container about the job that it is: https://docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html */
export interface BatchJob {
  readonly placement: StageJobsMessage;
  readonly arrayIndex: number | undefined;
  readonly trace: string | undefined;
  /** Names this attempt, and those of the same job before it, in stage rows. */
  readonly worker: string;
  readonly replaces: ReadonlySet<string>;
}

/** @returns undefined when the container was told of no placement. @throws {BadInputError} `bad-job` */
export const readBatchJob = (env: Readonly<Record<string, string | undefined>>): BatchJob | undefined => {
  const text = env[JOBS_VARIABLE];
  if (text === undefined) return undefined;
  const variables = Variables.safeParse(env);
  const placement = parseStageJobs(text);
  if (!variables.success || !placement) {
    const bad = variables.error?.issues.map(({ path }) => path.join('.')) ?? [JOBS_VARIABLE];
    throw new BadInputError('bad-job', `these variables of the batch job do not fit: ${bad.join(', ')}`);
  }
  const {
    AWS_BATCH_JOB_ID: id,
    AWS_BATCH_JOB_ATTEMPT: attempt,
    AWS_BATCH_JOB_ARRAY_INDEX: arrayIndex,
  } = variables.data;
  const before = Array.from({ length: attempt - 1 }, (_, i) => batchWorker(id, i + 1));
  const trace = env[TRACE_VARIABLE];
  return { placement, arrayIndex, trace, worker: batchWorker(id, attempt), replaces: new Set(before) };
};

export interface BatchJobEnd {
  readonly code: number;
  /** Whether it was there in time, and there are no more children of its array to come. */
  readonly mayStay: boolean;
  readonly inTime: boolean;
}

/** Runs what the job was told: all stages of the placement, or of an array job the one of this child. */
export const runBatchJob = async (worker: CloudWorker, { placement, arrayIndex }: BatchJob): Promise<BatchJobEnd> => {
  try {
    const loaded = await loadPlacement(worker, placement);
    if (!loaded) return { code: EXIT.ok, mayStay: true, inTime: false };
    const { jobs } = loaded.placed;
    const mayStay = arrayIndex === undefined || arrayIndex === jobs.length - 1;
    const own = arrayIndex === undefined ? jobs : [await childJob(worker.store, jobs, arrayIndex)];
    const result = await runPlaced(worker, loaded, own);
    worker.log.info('ran what the batch job was told', { ...placement, arrayIndex, outcome: result?.outcome });
    return { code: result?.outcome === 'failed' ? EXIT.badInput : EXIT.ok, mayStay, inTime: true };
  } catch (error) {
    const code = exitCodeOf(error);
    worker.log.error('the batch job failed', { ...placement, arrayIndex, code, error });
    return { code, mayStay: false, inTime: true };
  }
};

export const exitCodeOf = (error: unknown): number => {
  if (!(error instanceof QuorateError) || error.family === 'invariant') return EXIT.software;
  return error.family === 'transient' ? EXIT.transient : EXIT.badInput;
};

/** No worker hands anything over to a child: it reads what the stage before has kept. */
const childJob = async (store: Store, jobs: readonly StageJob[], index: number): Promise<StageJob> => {
  const job = jobs[index];
  if (!job) throw new BadInputError('bad-job', `child ${index} of a placement of ${jobs.length} stages`);
  if (job.input.from === 'blob') return job;
  const row = await store.get(stageKey(job.run, job.stage - 1));
  const before = row && StageState.parse(row.body);
  if (before?.state === 'done') return { ...job, input: { from: 'blob', hash: before.output } };
  throw new TransientError('stage-before-not-done', `stage ${job.stage - 1} is ${before?.state ?? 'not there'}`);
};
