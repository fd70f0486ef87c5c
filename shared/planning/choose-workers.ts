import { quantile } from './quantile.ts';

/** Where stages run: on threads of this process, with a worker that stays and takes messages, or as a job of AWS Batch. */
export const WORKER_KINDS = ['threads', 'warm', 'batch'] as const;
export type WorkerKind = (typeof WORKER_KINDS)[number];
/** Kinds between which there is a choice, and whose start is measured. */
export type StartedKind = Exclude<WorkerKind, 'threads'>;

/** Times between handing over and claim in ms. */
export type StartTimes = Readonly<Partial<Record<StartedKind, readonly number[]>>>;

/** Until there are measurements: a warm worker polls; a Batch job waits for a machine, its image and its model. */
export const ASSUMED_START_MS: Readonly<Record<StartedKind, { readonly p50: number; readonly p90: number }>> = {
  warm: { p50: 1_000, p90: 5_000 },
  batch: { p50: 240_000, p90: 600_000 },
};
/** Fewer samples than this say nothing of a tenth. */
const MIN_SAMPLES = 5;

export interface ChoiceFacts {
  readonly times: StartTimes;
  /** Time until the commit window closes; undefined when nobody knows. */
  readonly leftMs: number | undefined;
  /** Workers that stay: alive, and those of them with nothing to do when they last said so. */
  readonly warm: { readonly alive: number; readonly free: number };
  readonly batch: {
    /** Jobs that this placement would need, and that the day's budget still allows. */
    readonly needs: number;
    readonly budgetLeft: number;
    /** Submitted and not running yet, and how long ago the first of them was. */
    readonly starting: number;
    readonly startingForMs: number;
    /** Most workers that run at once: a job beyond waits behind workers that stay. */
    readonly maxWorkers: number;
  };
  /** Only Batch finds a machine for it: warm workers may have no GPU. */
  readonly needsGpu: boolean;
  /** The placement before was left to warm workers, and none took it in time. */
  readonly unclaimed: boolean;
}

export type WorkersChoice =
  | {
      readonly on: StartedKind;
      /** Not claimed by then: placed again. */
      readonly claimWithinMs: number;
      /** In words, for `quorate why`. */
      readonly because: string;
    }
  | { readonly on: undefined; readonly againMs: number; readonly waitingFor: string };

const startMs = (kind: StartedKind, times: StartTimes): { p50: number; p90: number; source: string } => {
  const samples = times[kind] ?? [];
  if (samples.length < MIN_SAMPLES) return { ...ASSUMED_START_MS[kind], source: 'assumed' };
  return { p50: quantile(samples, 0.5), p90: quantile(samples, 0.9), source: 'measured' };
};

const clamp = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);
const seconds = (ms: number): string => `${Math.max(1, Math.round(ms / 1000))} s`;
const LEAST_CLAIM_MS = 15_000;

/**
 * Where a placement goes, in this order: a warm worker that is free; warm workers that are busy, or that a Batch job on its way will be,
 * so that a burst pays few cold starts; a Batch job of its own, when there is no such worker or none took the placement before. A first
 * Batch job is started even if it will hardly be in time, since the worker that it leaves serves the next ones.
 */
export const chooseWorkers = (facts: ChoiceFacts): WorkersChoice => {
  const { times, leftMs, warm, batch, needsGpu, unclaimed } = facts;
  const [warmStart, batchStart] = [startMs('warm', times), startMs('batch', times)];
  const window = leftMs === undefined ? '' : `; ${seconds(leftMs)} are left to commit`;
  const overBudget =
    batch.budgetLeft < batch.needs
      ? `the day's budget of Batch jobs has ${batch.budgetLeft} left, this run needs ${batch.needs}`
      : undefined;
  const noBatch =
    overBudget ??
    (leftMs !== undefined && batchStart.p50 > leftMs ? 'a Batch job would be too late' : undefined) ??
    (warm.alive + batch.starting >= batch.maxWorkers ? `${batch.maxWorkers} workers are the most allowed` : undefined);

  const onBatch = (why: string): WorkersChoice => ({
    on: 'batch',
    claimWithinMs: clamp(2 * batchStart.p90, 300_000, 3_600_000),
    because: `${why}; half of the Batch jobs start within ${seconds(batchStart.p50)} (${batchStart.source})${window}`,
  });
  const onWarm = (why: string, expectedMs = warmStart.p90): WorkersChoice => ({
    on: 'warm',
    claimWithinMs: clamp(3 * expectedMs, LEAST_CLAIM_MS, Math.max(LEAST_CLAIM_MS, (leftMs ?? 3_600_000) / 3)),
    because: `${why}${window}`,
  });
  const wait = (waitingFor: string): WorkersChoice => ({
    on: undefined,
    againMs: clamp((leftMs ?? 600_000) / 8, LEAST_CLAIM_MS, 600_000),
    waitingFor,
  });

  if (needsGpu) return overBudget ? wait(overBudget) : onBatch('its model needs a GPU');
  if (warm.free > 0) return onWarm(`${warm.free} of ${warm.alive} warm workers are free`);
  if (warm.alive > 0) {
    const busy = `all ${warm.alive} warm workers are busy`;
    if (noBatch) return onWarm(`${busy}, but ${noBatch}`);
    if (unclaimed) return onBatch(`${busy}, and none took it before`);
    if (warmStart.p90 > batchStart.p50) return onBatch(`${busy}, and take work within ${seconds(warmStart.p90)} only`);
    return onWarm(`${busy}, but take work within ${seconds(warmStart.p90)} (${warmStart.source})`);
  }
  if (batch.starting > 0 && (noBatch || !unclaimed)) {
    const expectedMs = Math.max(0, batchStart.p90 - batch.startingForMs) + warmStart.p90;
    return onWarm(`a Batch job on its way for ${seconds(batch.startingForMs)} stays warm and takes it`, expectedMs);
  }
  if (overBudget) return wait(`no worker is warm, and ${overBudget}`);
  if (noBatch) return onBatch(`no worker is warm, and ${noBatch}, but it stays warm for the next`);
  return onBatch('no worker is warm');
};
