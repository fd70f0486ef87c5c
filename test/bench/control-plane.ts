import { DEVNET } from '../../infra/local/settings.ts';
import { systemClock } from '../../shared/adapters/system/clock.ts';
import { runId } from '../../shared/messages/ids.ts';
import { coverageAt } from '../../shared/rows/read-coverage.ts';
import { ask, benchHouse, final } from './bench-house.ts';
import { cloudControlPlane } from './cloud/control-plane.ts';
import { summary } from './quantile.ts';

const QUERIES = 200;
/** One query a second keeps two cores about half busy with inference; more would measure the workers. */
const EVERY_MS = 1_000;

/**
 * Event seen -> stage job queued: from the transaction that stores the block with the opening event, to the call that hands the run's
 * stages to its workers. Between the two: outbox, relay, queue, contract state read, VRF draw, two transactions, another queue.
 * `--cloud`: on functions deployed into the emulator instead.
 */
export const controlPlane = async (args: readonly string[]): Promise<void> => {
  const [count = String(QUERIES)] = args.filter((arg) => arg !== '--cloud');
  if (args.includes('--cloud')) return await cloudControlPlane(Number(count));

  const placedAtMs = new Map<string, number>();
  const house = await benchHouse({
    hostOf: ({ host }) => ({
      start: (jobs) => {
        for (const { run } of jobs) if (!placedAtMs.has(runId(run))) placedAtMs.set(runId(run), systemClock.nowMs());
        return host.start(jobs);
      },
    }),
  });
  const samples: number[] = [];
  const endings: Promise<void>[] = [];
  let verified = 0;
  for (let i = 0; i < Number(count); i++) {
    const next = systemClock.sleep(EVERY_MS);
    const queryId = await ask(house, String(i), 1);
    endings.push(
      final(house, queryId).then(async ({ opening, outcome }) => {
        if (outcome?.kind === 'verified') verified += 1;
        const seen = await coverageAt(house.backend.store, DEVNET.chainId, opening?.height ?? 0);
        const seenAtMs = seen?.atMs ?? Number.NaN;
        const runs = [...placedAtMs].filter(([id]) => id.startsWith(`${DEVNET.chainId}/${queryId}/`));
        // A node drawn in a later round waits for that round, not for us.
        const first = Math.min(...runs.map(([, atMs]) => atMs));
        if (first - seenAtMs < DEVNET.windows.roundBlocks * DEVNET.blockMs - DEVNET.blockMs)
          samples.push(first - seenAtMs);
      }),
    );
    await next;
  }
  await Promise.all(endings);
  process.stdout.write(`queries ${count}, verified ${verified}, drawn in round 0: ${samples.length}\n`);
  process.stdout.write(`event seen -> stage job queued: ${summary(samples, 'ms')}\n`);
  await house.stop();
};
