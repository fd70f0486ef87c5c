import { setTimeout as delay } from 'node:timers/promises';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { LiveWorker, WorkerEvents, WorkerKind } from './slot.ts';
import type { LinkEnd, RunJob, ThreadMessage, WorkerReport, WorkerSettings } from './worker-messages.ts';

/** How long a thread may take to end itself: longer than any run of a graph. */
const EXIT_MS = 60_000;

/** Measured: 1 MB takes 0.3 ms, nearly all of it the copy that is handed over. */
const PORT_BYTES_PER_MS = 3.5e6;

/** A compute thread of this process. */
export interface ThreadWorker extends LiveWorker {
  open(end: LinkEnd, port: MessagePort): void;
}

export const startThread = (settings: WorkerSettings, { onReport, onExit }: WorkerEvents): ThreadWorker => {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: settings });
  let reason: string | undefined;
  worker.on('message', (report: WorkerReport) => onReport(report));
  worker.on('error', (error: unknown) => {
    reason = error instanceof Error ? error.message : String(error);
  });
  const exit = new Promise<void>((resolve) => {
    worker.on('exit', (code) => {
      onExit(reason ?? `it exited with code ${code}`);
      resolve();
    });
  });
  const tell = (message: ThreadMessage, ports: MessagePort[] = []): void => worker.postMessage(message, ports);
  return {
    run: (message: RunJob) => tell(message),
    open: (end, port) => tell({ ...end, port }, [port]),
    // Asks the thread to end itself. `terminate()` would interrupt onnxruntime inside its native code, which then aborts
    // the whole process (an uncaught Napi::Error); so that is left for a thread that does not answer.
    kill: async () => {
      tell({ kind: 'exit' });
      const waiting = new AbortController();
      const late = delay(EXIT_MS, true, { signal: waiting.signal }).catch(() => false);
      if (await Promise.race([exit.then(() => false), late])) await worker.terminate();
      waiting.abort();
    },
  };
};

/** Opens both ends of a link that lies within this process. */
export const linkThreads = (link: string, from: ThreadWorker, to: ThreadWorker): void => {
  const { port1, port2 } = new MessageChannel();
  from.open({ kind: 'outlet', link }, port1);
  to.open({ kind: 'inlet', link }, port2);
};

/** Workers on threads of the host's own process. */
export const threadWorkers: WorkerKind<ThreadWorker> = {
  start: startThread,
  link: linkThreads,
  bytesPerMs: PORT_BYTES_PER_MS,
};
