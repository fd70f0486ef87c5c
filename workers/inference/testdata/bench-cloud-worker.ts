import { openDatabase } from '../../../shared/adapters/local/sqlite.ts';
import { openSqliteQueue } from '../../../shared/adapters/local/sqlite-queue.ts';
import { systemRandom } from '../../../shared/adapters/system/clock.ts';
import { createLogger } from '../../../shared/log.ts';
import type { StageJob } from '../../../shared/messages/stage-job.ts';
import type { Clock } from '../../../shared/ports/clock.ts';
import type { Store } from '../../../shared/ports/store.ts';
import { type PlacementRow, placementKey } from '../../../shared/rows/placement.ts';
import type { CloudWorker } from '../cloud-worker.ts';
import { ADDRESS, type Workbench } from './bench-worker.ts';

/** A worker for all nodes on a workbench's store and a queue beside it. */
export const cloudWorker = (bench: Workbench, clock: Clock, name = 'warm/bench'): CloudWorker & { lines: string[] } => {
  const lines: string[] = [];
  const { signer, ...worker } = bench.worker;
  return {
    ...worker,
    clock,
    queue: openSqliteQueue(openDatabase(bench.storePath), { clock, random: systemRandom }),
    log: createLogger({ clock, sink: (line) => lines.push(line), level: 'debug' }),
    signerOf: (node) => (node === ADDRESS ? signer : undefined),
    worker: name,
    lingerMs: 600_000,
    lifeMs: 3_600_000,
    lines,
  };
};

/** What start-job writes before any worker hears of it. */
export const place = async (
  store: Store,
  jobs: readonly StageJob[],
  more: Partial<PlacementRow> = {},
): Promise<PlacementRow> => {
  const [first] = jobs;
  if (!first) throw new RangeError('expected at least one job');
  const body: PlacementRow = { run: first.run, epoch: first.epoch, jobs: [...jobs], ...more };
  await store.transact([{ kind: 'put', key: placementKey(first.run), body, expect: 'any' }]);
  return body;
};
