import { safeGet } from '../../shared/adapters/http/safe-post.ts';
import { queueHost } from '../../shared/adapters/queue-host.ts';
import { systemClock } from '../../shared/adapters/system/clock.ts';
import { readEnv } from '../../shared/env.ts';
import { invocationTrace } from '../../shared/lambda/invocation-trace.ts';
import { batchHooks, observe } from '../../shared/lambda/observe.ts';
import { onion } from '../../shared/lambda/onion.ts';
import { openBatchHost } from '../../shared/lambda/open/batch.ts';
import { openBlobs } from '../../shared/lambda/open/blobs.ts';
import { openChain } from '../../shared/lambda/open/chain.ts';
import { openQueue } from '../../shared/lambda/open/queue.ts';
import { openStore } from '../../shared/lambda/open/store.ts';
import { StartJobEnv } from './config.ts';
import { createHandler } from './handler.ts';

const env = readEnv(StartJobEnv, process.env);
const { log, metrics } = observe(env);
const { chain } = await openChain(env);
const queue = openQueue(env);
// Workers serve all nodes of a deployment.
const places = { warm: queueHost(queue, invocationTrace), batch: openBatchHost(env) };

export const handler = createHandler(
  {
    store: openStore(env, metrics),
    blobs: openBlobs(env),
    chain,
    clock: systemClock,
    places: new Map(env.NODES.map((node) => [node, places])),
    fetchInput: (uri, maxBytes) => safeGet(uri, { maxBytes, allowLoopbackHttp: env.ALLOW_LOOPBACK_HTTP }),
    claimWithinMs: 30_000,
    batch: {
      blockMs: env.BLOCK_MS,
      jobsPerDay: env.BATCH_JOBS_PER_DAY,
      maxWorkers: env.BATCH_MAX_WORKERS,
      needsGpu: (model) => env.GPU_MODELS?.includes(model) ?? false,
    },
  },
  log,
  batchHooks('start-job', queue, log, systemClock),
).use(onion({ log, metrics, clock: systemClock }));
