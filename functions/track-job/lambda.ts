import { systemClock } from '../../shared/adapters/system/clock.ts';
import { gpuName, readEnv } from '../../shared/env.ts';
import { observe } from '../../shared/lambda/observe.ts';
import { onion } from '../../shared/lambda/onion.ts';
import { openStore } from '../../shared/lambda/open/store.ts';
import { TrackJobEnv } from './config.ts';
import { createHandler } from './handler.ts';
import type { Tracked } from './use-case.ts';

const env = readEnv(TrackJobEnv, process.env);
const { log, metrics } = observe(env);

export const handler = createHandler({
  store: openStore(env, metrics),
  clock: systemClock,
  metrics,
  log,
  jobQueues: [env.BATCH_QUEUE, gpuName(env.BATCH_QUEUE)],
}).use(onion({ log, metrics, clock: systemClock }, (tracked: Tracked) => ({ tracked })));
