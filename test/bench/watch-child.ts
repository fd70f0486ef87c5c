import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { watchPass } from '../../functions/watch-chain/use-case.ts';
import { openDynamoStore } from '../../shared/adapters/aws/dynamo-store.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { systemClock, systemRandom } from '../../shared/adapters/system/clock.ts';
import { connectEndpoints } from '../../shared/chain/rpc/connect.ts';
import { QuorateError } from '../../shared/errors.ts';
import { OUTBOX } from '../../shared/outbox.ts';
import type { Store } from '../../shared/ports/store.ts';
import { cursorKey } from '../../shared/rows/coverage.ts';
import { coverageBetween } from '../../shared/rows/read-coverage.ts';
import { EVENT_CHAIN } from './event-chain.ts';

/** A pass is over before the next one is called: each minute. */
const PASS_BUDGET_MS = 55_000;

/**
 * A watcher as a process of its own: reads everything up to the head, then prints one JSON line of what it took.
 * Usage: node watch-child.ts STORE URL... where STORE is an SQLite file or `http://HOST:PORT/TABLE` of a DynamoDB emulator, and the
 * environment has what its client needs.
 */
const [at = ':memory:', ...urls] = process.argv.slice(2);
const openStore = (): Store => {
  if (!at.startsWith('http')) return openSqliteStore(at);
  const { origin, pathname } = new URL(at);
  return openDynamoStore({
    client: new DynamoDBClient({ endpoint: origin }),
    table: pathname.slice(1),
    clock: systemClock,
    random: systemRandom,
  });
};
const store = openStore();
const { chain, sources } = await connectEndpoints({ endpoints: urls, ...EVENT_CHAIN, clock: systemClock });
const startedMs = performance.now();
let passes = 0;
let events = 0;
for (;;) {
  const deps = { store, chain, sources, clock: systemClock, startHeight: 1, passId: () => `pass-${passes}` };
  const result = await watchPass(deps, 500, AbortSignal.timeout(PASS_BUDGET_MS)).catch(async (error: unknown) => {
    // As the supervisor does: again, a little later.
    if (!(error instanceof QuorateError) || error.family !== 'transient') throw error;
    await systemClock.sleep(200);
  });
  passes += 1;
  if (!result) continue;
  events += result.events;
  if (result.covered >= result.head) break;
}
const tookMs = performance.now() - startedMs;
const blocks = await Array.fromAsync(coverageBetween(store, EVENT_CHAIN.chainId, 1, Number.MAX_SAFE_INTEGER));
process.stdout.write(
  `${JSON.stringify({
    tookMs: Math.round(tookMs),
    passes,
    // Each moves the cursor once.
    transactions: (await store.get(cursorKey(EVENT_CHAIN.chainId)))?.version,
    heights: blocks.length,
    gaps: blocks.filter(({ height }, i) => height !== i + 1).length,
    twice: blocks.filter(({ version }) => version > 1).length,
    witnessed: blocks.filter(({ witness }) => witness !== undefined).length,
    events,
    messages: (await store.due(OUTBOX, Number.MAX_SAFE_INTEGER, 1_000_000)).length,
    maxRssMb: Math.round(process.resourceUsage().maxRSS / 1024),
  })}\n`,
);
