import type { MessagePort } from 'node:worker_threads';
import type { StageJob } from '../../shared/messages/stage-job.ts';

/**
 * What host and worker threads say to each other. Activations go from worker to worker over the ports, never through
 * the host.
 */

export interface RunJob {
  readonly kind: 'run';
  /** Name of the job in the answer. */
  readonly id: string;
  readonly job: StageJob;
  /** Where the stage before hands over; absent when the job says where its input is. */
  readonly input?: MessagePort;
  /** Where to hand over to the stage after. */
  readonly output?: MessagePort;
}

/** 'exit': end at once, whatever is under way, between two runs of a graph. */
export type HostMessage = RunJob | { readonly kind: 'exit' };

export type WorkerReport =
  | { readonly kind: 'ready' }
  /**
   * `over`: the rest of the chain is not to be run: this stage failed for good or belongs to another, as its row
   * says.
   */
  | { readonly kind: 'done' | 'over' | 'abandoned'; readonly id: string }
  /** Neither done nor failed for good: may be tried again in the next epoch. */
  | { readonly kind: 'error'; readonly id: string; readonly code: string; readonly reason: string };

/** What each worker thread opens for itself. */
export interface WorkerSettings {
  readonly storePath: string;
  readonly blobsFolder: string;
  /** Prefix of the workers' names in stage rows. */
  readonly name: string;
  /** bech32 address of the node, and the seed of the Ed25519 key that signs its receipts (32 bytes). */
  readonly address: string;
  readonly receiptSeed: Uint8Array;
  readonly leaseMs: number;
  /** Most graphs that a worker keeps loaded. */
  readonly maxSessions: number;
}
