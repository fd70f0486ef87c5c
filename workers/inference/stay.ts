import { QuorateError } from '../../shared/errors.ts';
import { QUEUES } from '../../shared/messages/queues.ts';
import { parseStageJobs, type StageJob } from '../../shared/messages/stage-job.ts';
import type { ReceivedMessage } from '../../shared/ports/queue.ts';
import { reportLost } from '../../shared/rows/report-lost.ts';
import { withTrace } from '../../shared/trace.ts';
import { type CloudWorker, loadPlacement, runPlaced } from './cloud-worker.ts';
import { keepPresence } from './presence.ts';

const QUEUE = 'stage-jobs';
/** Between two looks into an empty queue whose own long poll came back at once. */
const IDLE_MS = 500;
/** A message is kept hidden for this long beyond a lease, during which a running graph may let nothing else happen. */
const HIDE_MORE_MS = QUEUES[QUEUE].visibilityMs;
/** After a failure that may pass, by epoch. */
const delayMs = (epoch: number): number => Math.min(1_000 * 2 ** (epoch - 1), 60_000);

/**
 * A worker that stays: takes placements one at a time, until it had nothing to do for `lingerMs`, has been there for `lifeMs`, or the
 * signal aborts. What it has begun it ends.
 */
export const stay = async (worker: CloudWorker, signal: AbortSignal): Promise<void> => {
  const { queue, clock, log, lingerMs, lifeMs } = worker;
  const gone = new AbortController();
  let free = true;
  const presence = keepPresence(worker, () => free, AbortSignal.any([signal, gone.signal]));
  const beganMs = clock.nowMs();
  let idleSinceMs = beganMs;
  log.info('stays as a warm worker', { worker: worker.worker, lingerMs });
  while (!signal.aborted && clock.nowMs() - idleSinceMs < lingerMs && clock.nowMs() - beganMs < lifeMs) {
    const message = await receiveOne(worker);
    if (!message) {
      await clock.sleep(IDLE_MS, signal).catch(() => undefined);
    } else if (signal.aborted) {
      await queue.retry(QUEUE, message.receipt, 0);
    } else {
      free = false;
      await take(worker, message);
      free = true;
      idleSinceMs = clock.nowMs();
    }
  }
  gone.abort();
  await presence;
  log.info('ends', { worker: worker.worker, stopped: signal.aborted });
};

const receiveOne = async ({ queue, log }: CloudWorker): Promise<ReceivedMessage | undefined> => {
  try {
    return (await queue.receive(QUEUE, 1))[0];
  } catch (error) {
    if (!(error instanceof QuorateError) || error.family !== 'transient') throw error;
    log.warn('the queue does not answer', { error });
    return undefined;
  }
};

/** One message, hidden from other workers for as long as its stages run. */
const take = async (worker: CloudWorker, message: ReceivedMessage): Promise<void> => {
  const { queue, log } = worker;
  const { receipt, receiveCount } = message;
  const ended = new AbortController();
  const hidden = keepHidden(worker, receipt, ended.signal);
  try {
    await withTrace(message.trace, () => run(worker, message.body));
    await queue.ack(QUEUE, receipt);
  } catch (error) {
    log.error('a placement was not begun', { receiveCount, error });
    await queue
      .retry(QUEUE, receipt, delayMs(receiveCount))
      .catch((failed: unknown) => log.warn('the message comes back after its time-out', { error: failed }));
  } finally {
    ended.abort();
    await hidden;
  }
};

const keepHidden = async ({ queue, clock, log, leaseMs }: CloudWorker, receipt: string, signal: AbortSignal) => {
  while (!signal.aborted) {
    await queue
      .hide(QUEUE, receipt, leaseMs + HIDE_MORE_MS)
      .catch((error: unknown) => log.warn('a message may go to another worker meanwhile', { error }));
    await clock.sleep(leaseMs / 2, signal).catch(() => undefined);
  }
};

const run = async (worker: CloudWorker, body: string): Promise<void> => {
  const { log } = worker;
  const message = parseStageJobs(body);
  if (!message) {
    log.warn('a message that nobody here can read', { chars: body.length });
    return;
  }
  const loaded = await loadPlacement(worker, message);
  if (!loaded) return;
  let current: StageJob | undefined;
  try {
    const result = await runPlaced(worker, loaded, loaded.placed.jobs, (job) => {
      current = job;
    });
    log.info('ran a placement', { ...message, outcome: result?.outcome });
  } catch (error) {
    if (!current) throw error;
    log.error('a stage was not done', { ...message, stage: current.stage, error });
    await reportLost(worker, current, delayMs(current.epoch));
  }
};
