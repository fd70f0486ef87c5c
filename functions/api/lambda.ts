import { Comet38Client } from '@cosmjs/tendermint-rpc';
import { checkUrl } from '../../shared/adapters/http/outgoing-url.ts';
import { systemClock, systemRandom } from '../../shared/adapters/system/clock.ts';
import { cometEvidence } from '../../shared/chain/proof/comet-evidence.ts';
import { readEnv } from '../../shared/env.ts';
import { observe } from '../../shared/lambda/observe.ts';
import { onion } from '../../shared/lambda/onion.ts';
import { openBlobs } from '../../shared/lambda/open/blobs.ts';
import { openChain } from '../../shared/lambda/open/chain.ts';
import { openQueue } from '../../shared/lambda/open/queue.ts';
import { openStore } from '../../shared/lambda/open/store.ts';
import { ApiEnv } from './config.ts';
import { DEFAULT_API_CONFIG } from './deps.ts';
import { createHandler } from './handler.ts';

const env = readEnv(ApiEnv, process.env);
const { log, metrics } = observe(env);
const { chain, endpoints, rpc } = await openChain(env);
const { PUBLIC_URL: publicUrl, DEFAULT_MODEL: defaultModel, MAX_SEATS: maxSeats } = env;
/** Lambda's 6 MB hold an event in JSON, whose bytes are in base64. */
const maxBodyBytes = 4_700_000;

export const handler = createHandler({
  store: openStore(env, metrics),
  queue: openQueue(env),
  blobs: openBlobs(env),
  chain,
  endpoints,
  chainEvidence: cometEvidence(Comet38Client.create(rpc)),
  clock: systemClock,
  random: systemRandom,
  askSigner: env.LANE_ADDRESS,
  tenants: env.TENANTS,
  checkWebhookUrl: (url) => checkUrl(url, { allowLoopbackHttp: env.ALLOW_LOOPBACK_HTTP }),
  config: { ...DEFAULT_API_CONFIG, maxSeats, publicUrl, defaultModel, maxBodyBytes },
  log,
}).use(
  onion({ log, metrics, clock: systemClock }, ({ statusCode }: { readonly statusCode?: number }) => ({ statusCode })),
);
