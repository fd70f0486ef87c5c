import { watchPass } from '../../functions/watch-chain/use-case.ts';
import { systemClock } from '../../shared/adapters/local/clock.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { connectEndpoints } from '../../shared/chain/rpc/connect.ts';
import { QuorateError } from '../../shared/errors.ts';
import { OUTBOX } from '../../shared/outbox.ts';
import { CoverageRow, coveragePartition } from '../../shared/rows/coverage.ts';
import { EVENT_CHAIN } from './event-chain.ts';

/**
 * A watcher as a process of its own: reads everything up to the head, then prints one JSON line of what it took.
 * Usage: node watch-child.ts STORE URL...
 */
const [path = ':memory:', ...urls] = process.argv.slice(2);
const store = openSqliteStore(path);
const { chain, sources } = await connectEndpoints({ endpoints: urls, ...EVENT_CHAIN, clock: systemClock });
const startedMs = performance.now();
let passes = 0;
let events = 0;
for (;;) {
  const deps = { store, chain, sources, clock: systemClock, startHeight: 1, passId: () => `pass-${passes}` };
  const result = await watchPass(deps, 500).catch(async (error: unknown) => {
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
const rows = await store.list(coveragePartition(EVENT_CHAIN.chainId), { limit: 100_000 });
const heights = rows.map((row) => CoverageRow.parse(row.body).height);
process.stdout.write(
  `${JSON.stringify({
    tookMs: Math.round(tookMs),
    passes,
    heights: heights.length,
    gaps: heights.filter((height, i) => height !== i + 1).length,
    twice: rows.filter(({ version }) => version > 1).length,
    witnessed: rows.filter((row) => CoverageRow.parse(row.body).witness !== undefined).length,
    events,
    messages: (await store.due(OUTBOX, Number.MAX_SAFE_INTEGER, 1_000_000)).length,
    maxRssMb: Math.round(process.resourceUsage().maxRSS / 1024),
  })}\n`,
);
