import { z } from 'zod';
import type { StartedKind, StartTimes } from '../planning/choose-workers.ts';
import type { Key, Row } from '../ports/store.ts';

/** Partition of what start-job must know of workers, so that one read gives it all. */
export const WORKERS = 'workers';

/** A worker that stays says that it is there. Written by itself, deleted when it ends. */
export const PresenceRow = z.strictObject({
  worker: z.string().min(1),
  /** Whether it had nothing to do when it wrote this. */
  free: z.boolean(),
  /** Dead unless it has written again by then. */
  expiresMs: z.number(),
});
export type PresenceRow = z.infer<typeof PresenceRow>;
export const PRESENCE_PREFIX = 'presence/';
export const presenceKey = (worker: string): Key => ({ pk: WORKERS, sk: `${PRESENCE_PREFIX}${worker}` });

/** How long workers of one kind took from being told to having claimed, the newest last. Written by the workers that claimed. */
export const StartTimesRow = z.strictObject({ timesMs: z.array(z.number().nonnegative()) });
export const START_SAMPLES = 20;
const START_PREFIX = 'start/';
export const startTimesKey = (kind: StartedKind): Key => ({ pk: WORKERS, sk: `${START_PREFIX}${kind}` });

/** Batch jobs submitted on one UTC day. Written by start-job. */
export const BudgetRow = z.strictObject({
  /** Days since 1970-01-01. */
  day: z.int(),
  jobs: z.int().nonnegative(),
});
export type BudgetRow = z.infer<typeof BudgetRow>;
export const budgetKey: Key = { pk: WORKERS, sk: 'batch-jobs' };

export interface WorkersNow {
  readonly warm: { readonly alive: number; readonly free: number };
  readonly times: StartTimes;
  readonly budget: Row | undefined;
}

/** What the rows of {@link WORKERS} say at this time. */
export const readWorkers = (rows: readonly Row[], nowMs: number): WorkersNow => {
  const present = rows
    .filter(({ sk }) => sk.startsWith(PRESENCE_PREFIX))
    .map(({ body }) => PresenceRow.parse(body))
    .filter(({ expiresMs }) => expiresMs > nowMs);
  const timesOf = (kind: StartedKind): readonly number[] => {
    const row = rows.find(({ sk }) => sk === startTimesKey(kind).sk);
    return row ? StartTimesRow.parse(row.body).timesMs : [];
  };
  return {
    warm: { alive: present.length, free: present.filter(({ free }) => free).length },
    times: { warm: timesOf('warm'), batch: timesOf('batch') },
    budget: rows.find(({ sk }) => sk === budgetKey.sk),
  };
};
