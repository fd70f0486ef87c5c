import type { BlockSource } from '../../shared/ports/block-source.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Store } from '../../shared/ports/store.ts';

export interface WatchDeps {
  readonly store: Store;
  readonly chain: Pick<Chain, 'chainId' | 'head' | 'block'>;
  /** The endpoints behind `chain`, one by one: with two or more, each block is read from two and compared. */
  readonly sources?: readonly BlockSource[];
  readonly clock: Clock;
  /** Where a new deployment begins to read. */
  readonly startHeight: number;
  /** Names this pass in coverage records. */
  readonly passId: () => string;
}
