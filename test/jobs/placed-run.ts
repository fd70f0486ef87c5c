import { openDatabase } from '../../shared/adapters/local/sqlite.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import type { RunRef } from '../../shared/messages/ids.ts';
import { type StageJob, type StageState, stageKey } from '../../shared/messages/stage-job.ts';
import { OUTBOX, type OutboxEntry } from '../../shared/outbox.ts';
import type { Key, Store } from '../../shared/ports/store.ts';
import { type PlacementRow, placementKey } from '../../shared/rows/placement.ts';
import { type RunRow, runKey } from '../../shared/rows/run.ts';
import { FakeClock } from '../contracts/fakes.ts';

const HASH = 'ab'.repeat(32);
export const RUN: RunRef = { chainId: 'chain', queryId: 7, attempt: 0, node: 'quo1node' };

export const jobsOf = (stages: number, epoch = 1): StageJob[] =>
  Array.from({ length: stages }, (_, stage) => ({
    run: RUN,
    queryHash: HASH,
    model: HASH,
    stage,
    stages,
    epoch,
    input: stage === 0 ? { from: 'blob', hash: HASH } : { from: 'previous' },
  }));

/** A run that is placed, over a real store and a clock that stands still. */
export class PlacedRun {
  readonly store: Store = openSqliteStore(openDatabase(':memory:'));
  readonly clock = new FakeClock();

  async put(key: Key, body: unknown): Promise<void> {
    await this.store.transact([{ kind: 'put', key, body, expect: 'any' }]);
  }

  async place(over: Partial<PlacementRow> = {}, state: RunRow['state'] = 'running'): Promise<PlacementRow> {
    const run: RunRow = { run: RUN, queryHash: HASH, model: HASH, inputHash: HASH, state, history: [] };
    const row: PlacementRow = { run: RUN, epoch: 1, jobs: jobsOf(2), on: 'batch', placedMs: 1, ...over };
    await this.put(runKey(RUN), run);
    await this.put(placementKey(RUN), row);
    return row;
  }

  async done(job: StageJob): Promise<void> {
    const state: StageState = {
      state: 'done',
      job,
      worker: 'w',
      inRoot: HASH,
      outRoot: HASH,
      output: HASH,
      receipt: HASH,
    };
    await this.put(stageKey(RUN, job.stage), state);
  }

  async claimed(job: StageJob, worker: string): Promise<void> {
    const state: StageState = { state: 'claimed', job, worker, leaseUntilMs: this.clock.nowMs() + 60_000 };
    await this.put(stageKey(RUN, job.stage), state);
  }

  /** Messages to start-job that are on their way. */
  async replaced(): Promise<{ lost: { stage: number; epoch: number }; delayMs?: number }[]> {
    const rows = await this.store.due<OutboxEntry>(OUTBOX, Number.MAX_SAFE_INTEGER, 100);
    return rows
      .filter(({ body }) => body.queue === 'start-job')
      .map(({ body }) => ({
        lost: JSON.parse(body.message.body).lost,
        ...(body.message.delayMs !== undefined && { delayMs: body.message.delayMs }),
      }));
  }
}
