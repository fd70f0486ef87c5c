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
  /** Lets time pass for the queue. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

export type OpenQueue = () => Promise<QueueFixture>;
