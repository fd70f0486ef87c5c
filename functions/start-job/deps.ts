import type { Blobs } from '../../shared/ports/blobs.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Places } from '../../shared/ports/job-host.ts';
import type { Store } from '../../shared/ports/store.ts';

/** What the choice between warm workers and AWS Batch goes by, besides what is measured. */
export interface BatchTerms {
  /** What a block takes. */
  readonly blockMs: number;
  /** Most jobs of one UTC day. */
  readonly jobsPerDay: number;
  /** Most workers that run at once. */
  readonly maxWorkers: number;
  readonly needsGpu: (model: string) => boolean;
}

export interface StartJobDeps {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly chain: Chain;
  readonly clock: Clock;
  /** The workers of each node of this deployment. Threads are taken where there are any. */
  readonly places: ReadonlyMap<string, Places>;
  /** Fetches an input by its uri, at most `maxBytes`. */
  readonly fetchInput: (uri: string, maxBytes: number) => Promise<Uint8Array>;
  /** A placement on threads that none of them claimed by then, and what could not start, is tried again. */
  readonly claimWithinMs: number;
  /** For nodes without threads. */
  readonly batch?: BatchTerms;
}
