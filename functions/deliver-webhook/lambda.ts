import { safePost } from '../../shared/adapters/http/safe-post.ts';
import { systemClock, systemRandom } from '../../shared/adapters/system/clock.ts';
import { readEnv } from '../../shared/env.ts';
import { batchHooks, observe } from '../../shared/lambda/observe.ts';
import { onion } from '../../shared/lambda/onion.ts';
import { openQueue } from '../../shared/lambda/open/queue.ts';
import { openStore } from '../../shared/lambda/open/store.ts';
import { DeliverWebhookEnv } from './config.ts';
import { createHandler } from './handler.ts';

const env = readEnv(DeliverWebhookEnv, process.env);
const { log, metrics } = observe(env);

export const handler = createHandler(
  {
    store: openStore(env, metrics),
    clock: systemClock,
    random: systemRandom,
    post: safePost({ allowLoopbackHttp: env.ALLOW_LOOPBACK_HTTP }),
    metrics,
  },
  log,
  batchHooks('deliver-webhook', openQueue(env), log, systemClock),
).use(onion({ log, metrics, clock: systemClock }));
