import { randomUUID } from 'node:crypto';
import { detailOf } from './describe.ts';
import { ACCOUNT, type Job, REGION } from './job.ts';

export type BatchEventType = 'Batch Job State Change' | 'Batch Job Queue Blocked';

/** What EventBridge gives its targets (user guide, "events of AWS Batch"). */
export const batchEvent = (type: BatchEventType, job: Job, atMs: number) => {
  const detail = detailOf(job);
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': type,
    source: 'aws.batch',
    account: ACCOUNT,
    time: `${new Date(atMs).toISOString().slice(0, 19)}Z`,
    region: REGION,
    resources: type === 'Batch Job Queue Blocked' ? [detail.jobArn, detail.jobQueue] : [detail.jobArn],
    detail,
  };
};
export type BatchEvent = ReturnType<typeof batchEvent>;

/** What may go wrong on the way, by EventBridge's own terms: at least once, in no order. */
export interface DeliveryFaults {
  /** Times that each event is delivered; 0 loses it. */
  copies: number;
  /** Each pair of events that follow one another closely is turned round. */
  swapped: boolean;
}

/** How long an event waits for another to be overtaken by. */
const SWAP_MS = 300;

/** Hands events on one after the other, with the faults that are set at the time. */
export const deliverInTurn = (
  send: (event: BatchEvent) => Promise<void>,
  faults: DeliveryFaults,
): ((event: BatchEvent) => void) => {
  let last: Promise<void> = Promise.resolve();
  let waiting: { event: BatchEvent; timer: NodeJS.Timeout } | undefined;
  const enqueue = (event: BatchEvent): void => {
    for (let copy = 0; copy < faults.copies; copy++) last = last.then(() => send(event));
  };
  return (event) => {
    if (waiting) {
      clearTimeout(waiting.timer);
      enqueue(event);
      enqueue(waiting.event);
      waiting = undefined;
    } else if (faults.swapped) {
      const timer = setTimeout(() => {
        waiting = undefined;
        enqueue(event);
      }, SWAP_MS);
      waiting = { event, timer };
    } else {
      enqueue(event);
    }
  };
};
