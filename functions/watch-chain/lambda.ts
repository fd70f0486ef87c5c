import { systemClock, systemRandom } from '../../shared/adapters/system/clock.ts';
import { ringOnBlocks } from '../../shared/chain/doorbell.ts';
import { readEnv } from '../../shared/env.ts';
import { observe } from '../../shared/lambda/observe.ts';
import { onion } from '../../shared/lambda/onion.ts';
import { openChain } from '../../shared/lambda/open/chain.ts';
import { openStore } from '../../shared/lambda/open/store.ts';
import { toHex } from '../../shared/protocol/encoding.ts';
import type { Attended } from './attend.ts';
import { WatchChainEnv } from './config.ts';
import { createAttendant } from './handler.ts';

const clock = systemClock;
const env = readEnv(WatchChainEnv, process.env);
const { log, metrics } = observe(env);
const { chain, sources } = await openChain(env);
const url = (env.CHAIN_RPCS[0] ?? '').replace(/^http/, 'ws');
const height = async (): Promise<number> => (await chain.head()).height;
/** Between two looks whether the socket is deaf. */
const checkMs = 10 * env.WATCH_POLL_MS;

export const handler = createAttendant({
  store: openStore(env, metrics),
  chain,
  sources,
  clock,
  startHeight: env.START_HEIGHT,
  passId: () => toHex(systemRandom.bytes(6)),
  metrics,
  log,
  listen: (ring, signal) => ringOnBlocks({ url, ring, height, clock, checkMs }, signal),
  pollMs: env.WATCH_POLL_MS,
  always: env.WATCH_ALWAYS,
}).use(onion({ log, metrics, clock }, (attended: Attended) => ({ ...attended })));
