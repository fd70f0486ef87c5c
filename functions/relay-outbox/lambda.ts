import { systemClock } from '../../shared/adapters/system/clock.ts';
import { readEnv } from '../../shared/env.ts';
import { observe } from '../../shared/lambda/observe.ts';
import { onion } from '../../shared/lambda/onion.ts';
import { openQueue } from '../../shared/lambda/open/queue.ts';
import { openStore } from '../../shared/lambda/open/store.ts';
import { RelayOutboxEnv } from './config.ts';
import { createHandler, type RelayAnswer } from './handler.ts';

const env = readEnv(RelayOutboxEnv, process.env);
const { log, metrics } = observe(env);

export const handler = createHandler({
  store: openStore(env, metrics),
  queue: openQueue(env),
  clock: systemClock,
  log,
}).use(
  onion({ log, metrics, clock: systemClock }, ({ batchItemFailures }: RelayAnswer) => ({
    failed: batchItemFailures.length,
  })),
);
