import { systemClock, systemRandom } from '../../shared/adapters/system/clock.ts';
import { readEnv } from '../../shared/env.ts';
import { batchHooks, observe } from '../../shared/lambda/observe.ts';
import { onion } from '../../shared/lambda/onion.ts';
import { openBlobs } from '../../shared/lambda/open/blobs.ts';
import { openChain } from '../../shared/lambda/open/chain.ts';
import { openNodes } from '../../shared/lambda/open/nodes.ts';
import { openQueue } from '../../shared/lambda/open/queue.ts';
import { openStore } from '../../shared/lambda/open/store.ts';
import { AdvanceRunEnv } from './config.ts';
import { createHandler } from './handler.ts';

const env = readEnv(AdvanceRunEnv, process.env);
const { log, metrics } = observe(env);
const [{ chain }, nodes] = await Promise.all([openChain(env), openNodes(env)]);

export const handler = createHandler(
  {
    store: openStore(env, metrics),
    blobs: openBlobs(env),
    chain,
    clock: systemClock,
    random: systemRandom,
    nodes,
    settleSpreadBlocks: env.SETTLE_SPREAD_BLOCKS,
  },
  log,
  batchHooks('advance-run', openQueue(env), log, systemClock),
).use(onion({ log, metrics, clock: systemClock }));
