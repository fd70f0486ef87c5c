import type { MessagePort } from 'node:worker_threads';
import { QuorateError } from '../../shared/errors.ts';
import { type StageJob, stageJobId } from '../../shared/messages/stage-job.ts';
import { type Arrival, type Inlet, openInlet } from './links/inlet.ts';
import { messagePortWire } from './links/message-port-wire.ts';
import { type Outlet, openOutlet } from './links/outlet.ts';
import { runStage, type StageTerms, type StageWorker } from './run-stage.ts';
import type { RunJob, ThreadMessage, WorkerReport } from './worker-messages.ts';

/** Each job says what the worker is called. */
type NamelessWorker = Omit<StageWorker, 'worker'>;

/**
 * A compute thread's life: takes jobs from the host, waits for each one's input, and computes one at a time in the order in
 * which inputs come: a graph blocks the thread while it runs, so more at once would gain nothing. What has computed is
 * written down meanwhile.
 * @param exit ends the thread
 */
export const serveJobs = (host: MessagePort, machine: NamelessWorker, exit: () => void): void => {
  const report = (message: WorkerReport): void => host.postMessage(message);
  const inlets = new Map<string, Inlet>();
  const outlets = new Map<string, Outlet>();
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(compute: () => Promise<T>): Promise<T> => {
    const turn = last.then(compute);
    last = turn.catch(() => undefined);
    return turn;
  };

  const open = ({ kind, link, port }: Extract<ThreadMessage, { port: MessagePort }>): void => {
    const wire = messagePortWire(port);
    if (kind === 'inlet') inlets.set(link, openInlet(wire));
    else outlets.set(link, openOutlet(wire));
    wire.onClose(() => (kind === 'inlet' ? inlets : outlets).delete(link));
  };

  const accept = async (message: RunJob): Promise<void> => {
    const { id, job, input } = message;
    // Taken now: a later link of the same name would belong to a worker that knows nothing of this run.
    const outlet = message.output === undefined ? undefined : outlets.get(message.output);
    const arrival = input === undefined ? undefined : await inlets.get(input)?.receive(id);
    if (input !== undefined && !arrival) {
      outlet?.none(nextId(job));
      report({ kind: 'abandoned', id });
      return;
    }
    report(await runOne(message, machine, inTurn, arrival, outlet));
  };

  host.on('message', (message: ThreadMessage) => {
    if (message.kind === 'exit') exit();
    else if (message.kind === 'run') void accept(message);
    else open(message);
  });
  report({ kind: 'ready' });
};

/** Id of the job that takes what this one gives: what the hand-over is called. */
const nextId = (job: StageJob): string => stageJobId({ ...job, stage: job.stage + 1 });

const runOne = async (
  { id, job, worker: name }: RunJob,
  machine: NamelessWorker,
  inTurn: NonNullable<StageTerms['inTurn']>,
  arrival: Arrival | undefined,
  outlet: Outlet | undefined,
): Promise<WorkerReport> => {
  const next = nextId(job);
  const worker = { ...machine, worker: name };
  const onOutput = (output: Uint8Array): void => {
    // A copy, since a hand-over takes the buffer away and this one is still to be written down. Not waited for: a
    // worker that stood still until another has room could make both wait for each other.
    void outlet?.send(next, output.slice());
  };
  try {
    const result = await runStage(job, worker, { inTurn, onOutput, ...(arrival && { handedOver: arrival }) });
    if (result.outcome === 'done') {
      outlet?.seal(next);
      const { computeMs, output } = result;
      return { kind: 'done', id, outputBytes: output.length, ...(computeMs !== undefined && { computeMs }) };
    }
    outlet?.none(next);
    return { kind: 'over', id };
  } catch (error) {
    outlet?.none(next);
    const code = error instanceof QuorateError ? error.code : 'unexpected';
    return { kind: 'error', id, code, reason: error instanceof Error ? error.message : 'no reason given' };
  } finally {
    arrival?.drop();
  }
};
