import type { QueueName } from '../../shared/messages/queues.ts';
import type { Queue } from '../../shared/ports/queue.ts';
import type { Store } from '../../shared/ports/store.ts';

export interface StoreFixture {
  /** Empty at first. */
  readonly store: Store;
  /** Another connection to the same rows. */
  readonly another: Store;
  close(): Promise<void>;
}

export type OpenStore = () => Promise<StoreFixture>;

export interface QueueFixture {
  /** Empty at first. */
  readonly queue: Queue;
  /** Another connection to the same queues. */
  readonly another: Queue;
  rules(name: QueueName): { readonly visibilityMs: number; readonly maxReceives: number };
  /** Time moves only by `advance`. Otherwise it passes by itself: the suite polls against a deadline, and looks at no exact moment. */
  readonly exact: boolean;
  /** Lets time pass for the queue. */
  advance(ms: number): Promise<void>;
  /** A receipt that is stale still deletes and hides: moto does so, SQS does not. */
  readonly takesStaleReceipts?: boolean;
  /** Messages of one FIFO group whose time-outs end together may come in another order: in moto, not in SQS. */
  readonly reordersReturned?: boolean;
  close(): Promise<void>;
}

/** @param patient with time-outs so long that nothing comes back by itself while a test runs */
export type OpenQueue = (options?: { readonly patient: boolean }) => Promise<QueueFixture>;
