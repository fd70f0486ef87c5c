import { STAGE_LEASES, type StageJob, StageState, stageKey } from '../../shared/messages/stage-job.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Row, Store, Write } from '../../shared/ports/store.ts';
import { ConditionFailedError } from '../../shared/ports/store-errors.ts';

/** Another worker has claimed the stage since: what this one knows about it counts no more. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

export interface LeaseOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly worker: string;
  /** Workers that this one comes after, and that are known to have ended: their claims need not run out. */
  readonly replaces?: ReadonlySet<string>;
  /**
   * How long a claim or a renewal holds. Must exceed the longest single run of a graph, during which nothing can be
   * renewed.
   */
  readonly leaseMs: number;
}

/** A claimed stage row. */
export interface Lease {
  /** Renews when less than half of the lease is left; once for all who ask meanwhile. @throws {LeaseLostError} */
  keep(): Promise<void>;
  /**
   * Replaces the claim by a final state, with other writes in the same transaction. @throws {LeaseLostError}, having
   * written nothing
   */
  finish(state: StageState, more: readonly Write[]): Promise<void>;
}

export type Claim =
  | { readonly outcome: 'claimed'; readonly lease: Lease }
  | { readonly outcome: 'done'; readonly state: Extract<StageState, { state: 'done' }> }
  | { readonly outcome: 'refused'; readonly reason: string };

/** Why a job may not take the row over, if so. A newer epoch may, whatever the row says. */
const refusal = (job: StageJob, held: StageState, replaces?: ReadonlySet<string>): string | undefined => {
  if (held.job.epoch > job.epoch) return `epoch ${held.job.epoch} has begun; this job is of epoch ${job.epoch}`;
  if (held.job.epoch < job.epoch) return undefined;
  if (held.state === 'claimed' && replaces?.has(held.worker)) return undefined;
  return held.state === 'claimed'
    ? `worker ${held.worker} runs it`
    : `it has ${held.state === 'done' ? 'ended' : 'failed'}`;
};

const write = async (store: Store, writes: readonly Write[]): Promise<void> => {
  try {
    await store.transact(writes);
  } catch (error) {
    if (error instanceof ConditionFailedError)
      throw new LeaseLostError('another worker has claimed the stage', { cause: error });
    throw error;
  }
};

/** Claims a stage by one conditional write; whoever writes first has it. */
export const claimStage = async (job: StageJob, options: LeaseOptions): Promise<Claim> => {
  const { store, clock, worker, leaseMs } = options;
  const key = stageKey(job.run, job.stage);
  const row: Row | undefined = await store.get(key);
  const held = row && StageState.parse(row.body);
  if (held?.state === 'done' && held.job.epoch === job.epoch) return { outcome: 'done', state: held };
  const reason = held && refusal(job, held, options.replaces);
  if (reason) return { outcome: 'refused', reason };

  let version = row?.version ?? 0;
  let leaseUntilMs = 0;
  let renewal: Promise<void> | undefined;
  const hold = async (): Promise<void> => {
    const until = clock.nowMs() + leaseMs;
    const body: StageState = { state: 'claimed', job, worker, leaseUntilMs: until };
    const expect = version === 0 ? ('absent' as const) : { version };
    await write(store, [{ kind: 'put', key, body, due: { list: STAGE_LEASES, at: until }, expect }]);
    version += 1;
    leaseUntilMs = until;
  };
  try {
    await hold();
  } catch (error) {
    if (error instanceof LeaseLostError) return { outcome: 'refused', reason: 'another worker claimed it first' };
    throw error;
  }
  return {
    outcome: 'claimed',
    lease: {
      keep: async () => {
        if (leaseUntilMs - clock.nowMs() >= leaseMs / 2) return;
        renewal ??= hold().finally(() => {
          renewal = undefined;
        });
        await renewal;
      },
      finish: (state, more) => write(store, [{ kind: 'put', key, body: state, expect: { version } }, ...more]),
    },
  };
};
