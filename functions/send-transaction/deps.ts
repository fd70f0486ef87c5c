import type { LaneDeps } from '../../shared/chain/lanes/deps.ts';

/** What lanes need; whom they tell of an end is this function's own. */
export type SendDeps = Omit<LaneDeps, 'onEnded'>;
