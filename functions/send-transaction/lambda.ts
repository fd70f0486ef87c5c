import { systemClock, systemRandom } from '../../shared/adapters/system/clock.ts';
import { readEnv } from '../../shared/env.ts';
import { laneTerms } from '../../shared/lambda/lane-terms.ts';
import { batchHooks, observe } from '../../shared/lambda/observe.ts';
import { onion } from '../../shared/lambda/onion.ts';
import { openChain } from '../../shared/lambda/open/chain.ts';
import { openLane } from '../../shared/lambda/open/lane.ts';
import { openQueue } from '../../shared/lambda/open/queue.ts';
import { openStore } from '../../shared/lambda/open/store.ts';
import { SendTransactionEnv } from './config.ts';
import { createHandler } from './handler.ts';

const env = readEnv(SendTransactionEnv, process.env);
const { log, metrics } = observe(env);
const [{ chain }, lane] = await Promise.all([openChain(env), openLane(env)]);

export const handler = createHandler(
  {
    store: openStore(env, metrics),
    chain,
    clock: systemClock,
    random: systemRandom,
    signers: new Map([[lane.address, lane]]),
    lanes: new Map(env.NODES.map((node) => [node, [{ address: lane.address }]])),
    terms: laneTerms(env.CHAIN_DENOM, env.GAS_PRICE),
  },
  log,
  batchHooks('send-transaction', openQueue(env), log, systemClock),
).use(onion({ log, metrics, clock: systemClock }));
