import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { StageState, stageJobId, stageKey } from '../../shared/messages/stage-job.ts';
import { toHex } from '../../shared/protocol/encoding.ts';
import { installOcrModel } from './install-ocr.ts';
import { claimStage } from './lease.ts';
import { processWorkers } from './process-workers.ts';
import { ADDRESS, jobsOf, openWorkbench, type Workbench } from './testdata/bench-worker.ts';
import { drawText, TICKET } from './testdata/draw-text.ts';
import type { ProcessMessage, ProcessReport, WorkerReport, WorkerSettings } from './worker-messages.ts';

let bench: Workbench;
let settings: WorkerSettings;
beforeAll(async () => {
  bench = await openWorkbench();
  settings = {
    storePath: bench.storePath,
    blobsFolder: bench.blobsFolder,
    name: 'process',
    address: ADDRESS,
    receiptSeed: bench.receiptSeed,
    leaseMs: 60_000,
    maxSessions: 4,
  };
});
afterAll(() => bench.close());

/** A worker process whose host is the test: nobody kills it for being silent. */
const forked = () => {
  const child: ChildProcess = fork(fileURLToPath(new URL('./worker-process.ts', import.meta.url)), [], {
    execArgv: [],
    serialization: 'advanced',
  });
  const reports: ProcessReport[] = [];
  child.on('message', (report: ProcessReport) => reports.push(report));
  const tell = (message: ProcessMessage): void => void child.send(message);
  tell({ kind: 'start', settings, host: '127.0.0.1', token: 'x' });
  return {
    child,
    tell,
    said: async (fits: (report: ProcessReport) => boolean): Promise<ProcessReport> => {
      for (;;) {
        const found = reports.find(fits);
        if (found) return found;
        await once(child, 'message');
      }
    },
  };
};

describe('a worker process', () => {
  it('that stood still while its stage went to the next epoch writes nothing when it goes on', async () => {
    const { model } = await installOcrModel(bench.worker.blobs);
    const page = await drawText({ ...TICKET, widthPixels: 960, heightPixels: 960 });
    const [job] = jobsOf(model, await bench.worker.blobs.put(page), 3);
    const stateOf = async () => {
      const row = await bench.worker.store.get(stageKey(job!.run, 0));
      return row && StageState.parse(row.body);
    };
    const { child, tell, said } = forked();
    tell({ kind: 'run', id: stageJobId(job!), job: job!, worker: 'process/0' });
    while ((await stateOf())?.state !== 'claimed') await new Promise(setImmediate);
    child.kill('SIGSTOP');
    const claim = await claimStage({ ...job!, epoch: 2 }, bench.worker);
    if (claim.outcome !== 'claimed') throw new Error(claim.outcome);
    const fenced = await stateOf();
    child.kill('SIGCONT');
    expect(await said((report) => 'id' in report)).toEqual({ kind: 'over', id: stageJobId(job!) });
    expect(await stateOf()).toEqual(fenced);
    expect(fenced).toMatchObject({ state: 'claimed', worker: 'bench/0', job: { epoch: 2 } });
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  it('tells how long a stage took to compute', async () => {
    const { model } = await installOcrModel(bench.worker.blobs);
    const [job] = jobsOf(model, await bench.worker.blobs.put(await drawText(TICKET)), 3, { queryId: 2 });
    const { child, tell, said } = forked();
    tell({ kind: 'run', id: stageJobId(job!), job: job!, worker: 'process/0' });
    const done = await said((report) => 'id' in report);
    expect(done).toMatchObject({ kind: 'done', computeMs: expect.any(Number), outputBytes: expect.any(Number) });
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  it('ends when its host is gone', async () => {
    const { child, said } = forked();
    await said((report) => report.kind === 'listening');
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  });

  it.skipIf(process.platform !== 'linux')('shows no secret of its host to whoever lists processes', async () => {
    vi.stubEnv('QUORATE_PASSWORD', 'hush');
    const exited = Promise.withResolvers<string>();
    const worker = processWorkers({ token: 'quite secret' }).start(settings, {
      onReport: () => undefined,
      onExit: exited.resolve,
    });
    await worker.address;
    const shown = await Promise.all(['environ', 'cmdline'].map((file) => readFile(`/proc/${worker.pid}/${file}`)));
    for (const secret of ['hush', 'quite secret', toHex(settings.receiptSeed)]) {
      expect(Buffer.concat(shown).includes(secret)).toBe(false);
    }
    await worker.kill();
    expect(await exited.promise).toBe('it was ended by SIGKILL');
    vi.unstubAllEnvs();
  });

  it('that is silent for too long is killed', async () => {
    const reports: WorkerReport[] = [];
    const ready = Promise.withResolvers<void>();
    const exited = Promise.withResolvers<string>();
    const worker = processWorkers({ token: 'x' }).start(settings, {
      onReport: (report) => {
        reports.push(report);
        if (report.kind === 'ready') ready.resolve();
      },
      onExit: exited.resolve,
    });
    await ready.promise;
    process.kill(worker.pid!, 'SIGSTOP');
    expect(await exited.promise).toMatch(/^it was silent for 3 s/);
    expect(reports).toEqual([{ kind: 'ready' }]);
  });
});
