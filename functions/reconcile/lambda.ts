import { systemClock } from '../../shared/adapters/system/clock.ts';
import { readEnv } from '../../shared/env.ts';
import { observe } from '../../shared/lambda/observe.ts';
import { onion } from '../../shared/lambda/onion.ts';
import { openBatchWatch } from '../../shared/lambda/open/batch.ts';
import { openChain } from '../../shared/lambda/open/chain.ts';
import { openQueue } from '../../shared/lambda/open/queue.ts';
import { openStore } from '../../shared/lambda/open/store.ts';
import { ReconcileEnv } from './config.ts';
import { createHandler } from './handler.ts';
import type { Swept } from './use-case.ts';

const env = readEnv(ReconcileEnv, process.env);
const { log, metrics } = observe(env);
const { chain, sources } = await openChain(env);

/** The stream delivers within a second when all is well. */
const UNSENT_AFTER_MS = 10_000;

export const handler = createHandler({
  store: openStore(env, metrics),
  queue: openQueue(env),
  chain,
  sources,
  clock: systemClock,
  log,
  metrics,
  operator: env.LANE_ADDRESS,
  overdueBlocks: env.OVERDUE_BLOCKS,
  unsentAfterMs: UNSENT_AFTER_MS,
  sweepEveryMs: env.SWEEP_EVERY_MS,
  sweepHeights: env.SWEEP_HEIGHTS,
  watch: openBatchWatch(),
}).use(onion({ log, metrics, clock: systemClock }, (swept: Swept) => ({ ...swept })));
