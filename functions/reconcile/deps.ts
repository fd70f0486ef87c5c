import type { Metrics } from '../../shared/metrics.ts';
import type { BlockSource } from '../../shared/ports/block-source.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import type { JobWatch } from '../../shared/ports/job-watch.ts';
import type { RelayDeps } from '../../shared/relay.ts';

export interface ReconcileDeps extends RelayDeps {
  readonly chain: Chain;
  /** Account that settles and expires what nobody else does. */
  readonly operator: string;
  /** Blocks that committee members have for settling before the operator does it. */
  readonly overdueBlocks: number;
  /** The endpoints behind `chain`, one by one, to read from another than the first time. */
  readonly sources?: readonly BlockSource[];
  /** What has lain in the outbox for longer is sent by the sweep: longer than the relay takes when all is well. */
  readonly unsentAfterMs: number;
  /** Time between two sweeps over what is covered. */
  readonly sweepEveryMs: number;
  /** How far behind the cursor a sweep looks at most, in blocks. */
  readonly sweepHeights: number;
  readonly metrics?: Metrics;
  /** Where Batch is asked about jobs that are overdue. */
  readonly watch?: JobWatch;
}

/** What the sweep over covered heights needs of it. */
export type CoverageDeps = Pick<
  ReconcileDeps,
  'store' | 'chain' | 'clock' | 'sources' | 'sweepEveryMs' | 'sweepHeights'
>;

/** Rows looked at in one list and sweep: the next sweep finds the rest. */
export const SWEEP_LIMIT = 50;
