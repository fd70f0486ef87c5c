import { type StageJob, StageState, stageKey } from '../../../shared/messages/stage-job.ts';
import type { JobHost } from '../../../shared/ports/job-host.ts';
import type { Store } from '../../../shared/ports/store.ts';
import type { LostJob } from '../chains.ts';
import { jobsOf } from './bench-worker.ts';

/** What is known of one query that a director runs. */
export interface Directed {
  readonly queryId: number;
  readonly input: string;
  epoch: number;
  /** Times that it was placed again. */
  restarts: number;
  /** How each stage stood, at each of those times. */
  readonly left: (readonly StageState[])[];
}

export interface Director {
  readonly queries: ReadonlyMap<number, Directed>;
  /** Places a query on the host. @param input hash of its input's blob */
  ask(queryId: number, input: string): Promise<void>;
  /** Rows of a query's stages, in order. */
  stages(queryId: number): Promise<StageState[]>;
  /** For the host's `onLost`. */
  lost(lost: LostJob): void;
  /** Resolves when every loss told so far was dealt with. @throws whatever went wrong meanwhile */
  settled(): Promise<void>;
}

/**
 * Does for one host what the functions do for a deployment: places queries, and places those with a lost worker again in
 * the next epoch, from the first stage that is not done, with the output that the stage before has kept.
 */
export const director = (
  { store, model, stages: count }: { readonly store: Store; readonly model: string; readonly stages: number },
  host: () => JobHost,
): Director => {
  const queries = new Map<number, Directed>();
  let work: Promise<void> = Promise.resolve();

  const stages = async (queryId: number): Promise<StageState[]> => {
    const [job] = jobsOf(model, model, count, { queryId });
    const rows = await store.list(job ? stageKey(job.run, 0).pk : '', { prefix: 'stage/', limit: count });
    return rows.map((row) => StageState.parse(row.body));
  };

  const start = async (jobs: readonly StageJob[]): Promise<void> => {
    const started = await host().start(jobs);
    if (started.outcome !== 'started') throw new Error(`the host did not start it: ${JSON.stringify(started)}`);
  };

  const again = async ({ job }: LostJob): Promise<void> => {
    const query = queries.get(job.run.queryId);
    if (!query || query.epoch > job.epoch) return;
    const rows = await stages(query.queryId);
    const done = rows.filter((row) => row.state === 'done');
    if (done.length === count) return;
    query.left.push(rows);
    query.restarts += 1;
    query.epoch += 1;
    const { queryId, epoch } = query;
    await start(jobsOf(model, done.at(-1)?.output ?? query.input, count, { queryId, epoch, from: done.length }));
  };

  return {
    queries,
    stages,
    ask: async (queryId, input) => {
      queries.set(queryId, { queryId, input, epoch: 1, restarts: 0, left: [] });
      await start(jobsOf(model, input, count, { queryId }));
    },
    lost: (lost) => {
      work = work.then(() => again(lost));
      // Told by `settled`.
      work.catch(() => undefined);
    },
    settled: () => work,
  };
};
