import { expect } from 'vitest';
import { queueHost } from '../../shared/adapters/queue-host.ts';
import { systemClock } from '../../shared/adapters/system/clock.ts';
import { type StageJob, StageState, stageKey } from '../../shared/messages/stage-job.ts';
import type { JobHost } from '../../shared/ports/job-host.ts';
import { utf8 } from '../../shared/protocol/encoding.ts';
import { inlineHost } from '../../workers/inference/inline-host.ts';
import { stay } from '../../workers/inference/stay.ts';
import { cloudWorker, place } from '../../workers/inference/testdata/bench-cloud-worker.ts';
import { ADDRESS, jobsOf, openWorkbench, type Workbench } from '../../workers/inference/testdata/bench-worker.ts';
import { installTinyModel, tinyAnswer } from '../../workers/inference/testdata/tiny-model.ts';
import { type Isolation, startWorkerHost } from '../../workers/inference/worker-host.ts';
import { type JobHostFixture, jobHostContract } from './job-host.ts';

const INPUT = utf8('what a job host must do');

const fixtureOn =
  (host: (bench: Workbench) => JobHost & { stop?: (graceMs: number) => Promise<void> }) =>
  async (): Promise<JobHostFixture> => {
    const bench = await openWorkbench();
    const { model } = await installTinyModel(bench.worker.blobs);
    const input = await bench.worker.blobs.put(INPUT);
    const opened = host(bench);
    let queryId = 0;
    const stateOf = async (job: StageJob): Promise<StageState | undefined> => {
      const row = await bench.worker.store.get(stageKey(job.run, job.stage));
      const state = row && StageState.parse(row.body);
      return state && state.job.epoch === job.epoch && state.state !== 'claimed' ? state : undefined;
    };
    return {
      host: opened,
      jobs: async () => jobsOf(model, input, 2, { queryId: ++queryId }),
      ended: async (job) => {
        for (;;) {
          const state = await stateOf(job);
          if (state) return state;
          await new Promise(setImmediate);
        }
      },
      output: async (state) => {
        if (state.state !== 'done') throw new Error(`the stage is ${state.state}`);
        return Buffer.from(await bench.worker.blobs.get(state.output)).toString('hex');
      },
      expected: Buffer.from(tinyAnswer(INPUT)).toString('hex'),
      close: async () => {
        await opened.stop?.(10_000);
        await bench.close();
      },
    };
  };

jobHostContract(
  'in the calling thread',
  fixtureOn((bench) => inlineHost(bench.worker)),
);
/** Workers that stay, in this process, over the queue that a deployment tells them by. */
const warmWorkers = (bench: Workbench) => {
  const stop = new AbortController();
  const workers = ['warm/a', 'warm/b'].map((name) => cloudWorker(bench, systemClock, name));
  const lives = workers.map((worker) => stay(worker, stop.signal));
  const [first] = workers;
  const host = queueHost(first?.queue ?? expect.fail('no worker'));
  return {
    start: async (jobs: readonly StageJob[]) => {
      await place(bench.worker.store, jobs);
      return await host.start(jobs);
    },
    stop: async () => {
      stop.abort();
      await Promise.all(lives);
    },
  };
};

jobHostContract('with workers that stay', fixtureOn(warmWorkers));

const workersIn = (isolation: Isolation) =>
  fixtureOn((bench) =>
    startWorkerHost({
      isolation,
      workers: 2,
      onLost: ({ reason }) => {
        throw new Error(`a worker was lost: ${reason}`);
      },
      settings: {
        storePath: bench.storePath,
        blobsFolder: bench.blobsFolder,
        name: 'contract',
        address: ADDRESS,
        receiptSeed: bench.receiptSeed,
        leaseMs: 60_000,
        maxSessions: 4,
      },
    }),
  );

jobHostContract('on worker threads', workersIn('threads'));
jobHostContract('in worker processes', workersIn('processes'));
