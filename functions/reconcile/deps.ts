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
}

/** Rows looked at in one list and sweep: the next sweep finds the rest. */
export const SWEEP_LIMIT = 50;
