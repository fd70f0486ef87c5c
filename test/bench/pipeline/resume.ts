import { systemClock } from '../../../shared/adapters/system/clock.ts';
import type { StageState } from '../../../shared/messages/stage-job.ts';
import { installOcrModel } from '../../../workers/inference/install-ocr.ts';
import { ADDRESS, openWorkbench } from '../../../workers/inference/testdata/bench-worker.ts';
import { director } from '../../../workers/inference/testdata/director.ts';
import { startWorkerHost } from '../../../workers/inference/worker-host.ts';
import { summary } from '../quantile.ts';

const KILLS = 20;
const STAGES = 3;

/**
 * A worker process is killed in the middle of its stage of the recogniser: time from the kill until the stage runs again
 * in the next epoch, and until the result is there. One query at a time, each stage on a process of its own.
 */
export const resume = async (args: readonly string[]): Promise<void> => {
  const kills = Number(args[0] ?? KILLS);
  const bench = await openWorkbench();
  const { model, manifest } = await installOcrModel(bench.worker.blobs);
  const told = director({ store: bench.worker.store, model, stages: STAGES }, () => host);
  const host = startWorkerHost({
    isolation: 'processes',
    workers: STAGES,
    onLost: told.lost,
    settings: {
      storePath: bench.storePath,
      blobsFolder: bench.blobsFolder,
      name: 'resume',
      address: ADDRESS,
      receiptSeed: bench.receiptSeed,
      leaseMs: 60_000,
      maxSessions: 4,
    },
  });
  const until = async (queryId: number, holds: (stages: readonly StageState[]) => boolean): Promise<number> => {
    for (;;) {
      if (holds(await told.stages(queryId))) return performance.now();
      await told.settled();
      await systemClock.sleep(1);
    }
  };
  const isDone = (stages: readonly StageState[]): boolean => stages[STAGES - 1]?.state === 'done';

  const undisturbedMs: number[] = [];
  const againMs: number[] = [];
  const resultMs: number[] = [];
  for (let queryId = 0; againMs.length < kills; queryId++) {
    const askedMs = performance.now();
    await told.ask(queryId, manifest.knownAnswer.input);
    // Every other query is left alone: it warms the new worker, and shows what there is to compare with.
    if (queryId % 2 === 0) {
      undisturbedMs.push((await until(queryId, isDone)) - askedMs);
      continue;
    }
    const victim = againMs.length % STAGES;
    await until(queryId, (stages) => stages[victim]?.state === 'claimed');
    const killedMs = performance.now();
    void host.restart(victim);
    const againAtMs = await until(queryId, (stages) => stages[victim]?.job.epoch === 2 || isDone(stages));
    const resultAtMs = await until(queryId, isDone);
    // Else the stage was done just before.
    if (told.queries.get(queryId)?.restarts !== 1) continue;
    againMs.push(againAtMs - killedMs);
    resultMs.push(resultAtMs - killedMs);
  }
  await host.stop(10_000);
  await bench.close();
  const line = (what: string, samples: readonly number[]): void =>
    void process.stdout.write(`${what}: ${summary(samples, 'ms')}\n`);
  process.stdout.write(`${kills} kills of worker processes, each in mid-stage\n`);
  line('ask -> result, undisturbed', undisturbedMs.slice(1));
  line('kill -> lost stage runs again', againMs);
  line('kill -> result', resultMs);
};
