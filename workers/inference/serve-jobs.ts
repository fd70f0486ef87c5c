import type { MessagePort } from 'node:worker_threads';
import { QuorateError } from '../../shared/errors.ts';
import { runStage, type StageWorker } from './run-stage.ts';
import type { HostMessage, RunJob, WorkerReport } from './thread-messages.ts';

/**
 * A worker thread's life: takes jobs from the host, waits for each one's input, and runs one at a time in the order in
 * which inputs come. A graph blocks the thread while it runs, so more at once would gain nothing.
 * @param exit ends the thread
 */
export const serveJobs = (host: MessagePort, worker: StageWorker, exit: () => void): void => {
  const report = (message: WorkerReport): void => host.postMessage(message);
  let last: Promise<void> = Promise.resolve();

  const accept = async (message: RunJob): Promise<void> => {
    const { id, input, output } = message;
    const handedOver = input && (await received(input));
    if (input && !handedOver) {
      output?.close();
      report({ kind: 'abandoned', id });
      return;
    }
    last = last.then(async () => report(await runOne(message, worker, handedOver)));
    await last;
  };

  host.on('message', (message: HostMessage) => {
    if (message.kind === 'exit') exit();
    else void accept(message);
  });
  report({ kind: 'ready' });
};

const runOne = async (
  { id, job, output }: RunJob,
  worker: StageWorker,
  handedOver: Uint8Array | undefined,
): Promise<WorkerReport> => {
  try {
    const result = await runStage(
      job,
      worker,
      handedOver ? { handedOver: { input: handedOver, sealed: Promise.resolve(true) } } : {},
    );
    if (result.outcome !== 'done') return { kind: 'over', id };
    if (output) handOver(output, result.output);
    return { kind: 'done', id };
  } catch (error) {
    const code = error instanceof QuorateError ? error.code : 'unexpected';
    return { kind: 'error', id, code, reason: error instanceof Error ? error.message : 'no reason given' };
  } finally {
    // Tells the next worker that nothing more will come; what was posted before still arrives.
    output?.close();
  }
};

/** Moves the bytes to the other thread without copying them, where they have a buffer of their own. */
const handOver = (port: MessagePort, bytes: Uint8Array): void => {
  const whole = bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer;
  const own = whole ? bytes : bytes.slice();
  port.postMessage(own, [own.buffer as ArrayBuffer]);
};

/** What the stage before hands over, or undefined when it ends, or its worker dies, without. */
const received = (port: MessagePort): Promise<Uint8Array | undefined> =>
  new Promise((resolve) => {
    port.once('message', (bytes: Uint8Array) => {
      resolve(bytes);
      port.close();
    });
    port.once('close', () => resolve(undefined));
  });
