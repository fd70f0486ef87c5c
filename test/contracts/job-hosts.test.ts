import { type StageJob, StageState, stageKey } from '../../shared/messages/stage-job.ts';
import type { JobHost } from '../../shared/ports/job-host.ts';
import { utf8 } from '../../shared/protocol/encoding.ts';
import { inlineHost } from '../../workers/inference/inline-host.ts';
import { ADDRESS, jobsOf, openWorkbench, type Workbench } from '../../workers/inference/testdata/bench-worker.ts';
import { installTinyModel, tinyAnswer } from '../../workers/inference/testdata/tiny-model.ts';
import { startThreadHost } from '../../workers/inference/thread-host.ts';
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
jobHostContract(
  'on worker threads',
  fixtureOn((bench) =>
    startThreadHost({
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
  ),
);
