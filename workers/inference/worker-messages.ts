import type { MessagePort } from 'node:worker_threads';
import type { StageJob } from '../../shared/messages/stage-job.ts';

/**
 * What a host and its workers say to each other. Activations go from worker to worker over links, never through the
 * host.
 */

export interface RunJob {
  readonly kind: 'run';
  /** Name of the job in the answer. */
  readonly id: string;
  readonly job: StageJob;
  /** The worker's name in the stage's row: that of its place, since a spare one has none of its own. */
  readonly worker: string;
  /** Link on which the stage before hands over; absent when the job says where its input is. */
  readonly input?: string;
  /** Link on which to hand over to the stage after. */
  readonly output?: string;
}

/** One end of a link: 'outlet' to send, 'inlet' to receive. Comes before the first job that names the link. */
export interface LinkEnd {
  readonly kind: 'outlet' | 'inlet';
  readonly link: string;
}

/** To a compute thread. 'exit': end at once, whatever is under way, between two runs of a graph. */
export type ThreadMessage = RunJob | (LinkEnd & { readonly port: MessagePort }) | { readonly kind: 'exit' };

/** To a worker process, first of all. Secrets come this way, never by arguments or environment. */
export interface ProcessStart {
  readonly kind: 'start';
  readonly settings: WorkerSettings;
  /** Where it listens for links. */
  readonly host: string;
  /** What whoever dials a link must show. */
  readonly token: string;
}

export type ProcessMessage =
  | ProcessStart
  | RunJob
  | LinkEnd
  /** A link whose two ends are here. */
  | { readonly kind: 'loop'; readonly link: string }
  /** Connects the outlet of a link to the process at this address. */
  | { readonly kind: 'dial'; readonly link: string; readonly address: string }
  /** The other end died: a link that never met it will not meet it. */
  | { readonly kind: 'forget'; readonly link: string };

export interface StageDone {
  readonly kind: 'done';
  readonly id: string;
  /** Time in the graph and its codecs; absent when the stage had been done before. */
  readonly computeMs?: number;
  /** Of what it hands on. */
  readonly outputBytes: number;
}

export type WorkerReport =
  | { readonly kind: 'ready' }
  | StageDone
  /**
   * `over`: the rest of the chain is not to be run: this stage failed for good or belongs to another, as its row
   * says. `abandoned`: the stage before handed nothing over.
   */
  | { readonly kind: 'over' | 'abandoned'; readonly id: string }
  /** Neither done nor failed for good: may be tried again in the next epoch. */
  | { readonly kind: 'error'; readonly id: string; readonly code: string; readonly reason: string };

export type ProcessReport =
  | WorkerReport
  /** Every {@link HEARTBEAT_MS}. */
  | { readonly kind: 'alive' }
  | { readonly kind: 'listening'; readonly address: string }
  /** Said before it exits. */
  | { readonly kind: 'dying'; readonly reason: string };

export const HEARTBEAT_MS = 500;

/** What each worker opens for itself. */
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
