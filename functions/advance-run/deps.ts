import type { Blobs } from '../../shared/ports/blobs.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import type { Clock, Random } from '../../shared/ports/clock.ts';
import type { NodeKeys } from '../../shared/ports/signer.ts';
import type { Store } from '../../shared/ports/store.ts';

export interface AdvanceDeps {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly chain: Chain;
  readonly clock: Clock;
  readonly random: Random;
  /** Nodes that this deployment runs, by address. */
  readonly nodes: ReadonlyMap<string, NodeKeys>;
  /** Members spread their settlements over this many blocks, so that one of them mostly suffices. */
  readonly settleSpreadBlocks: number;
}

/** Most transactions planned for one effect of a run before it is given up (promise P7). */
export const MAX_TX_TRIES = 3;
