import type { BlockSource } from '../../shared/ports/block-source.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Store } from '../../shared/ports/store.ts';

export interface ReconcileDeps {
  readonly store: Store;
  readonly chain: Chain;
  readonly clock: Clock;
  /** Account that settles and expires what nobody else does. */
  readonly operator: string;
  /** Blocks that committee members have for settling before the operator does it. */
  readonly overdueBlocks: number;
  /** The endpoints behind `chain`, one by one, to read from another than the first time. */
  readonly sources?: readonly BlockSource[];
  /** Time between two sweeps over what is covered. */
  readonly sweepEveryMs: number;
  /** How far behind the cursor a sweep looks at most, in blocks. */
  readonly sweepHeights: number;
}

/** Rows looked at in one list and sweep: the next sweep finds the rest. */
export const SWEEP_LIMIT = 50;
