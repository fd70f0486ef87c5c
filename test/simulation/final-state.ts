import { DEVNET } from '../../infra/local/settings.ts';
import { openSqliteQueue } from '../../shared/adapters/local/sqlite-queue.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { RunRef, runId } from '../../shared/messages/ids.ts';
import { QUEUES, type QueueName } from '../../shared/messages/queues.ts';
import { OUTBOX } from '../../shared/outbox.ts';
import { TERMINAL } from '../../shared/protocol/lifecycle.ts';
import { QueryRow, queryKey } from '../../shared/rows/query.ts';
import { coverageBetween } from '../../shared/rows/read-coverage.ts';
import { RunRow, runKey, runsOfQuery } from '../../shared/rows/run.ts';
import { OPEN_TRANSACTIONS } from '../../shared/rows/transaction.ts';
import { seededRandom } from '../contracts/fakes.ts';
import type { World } from './world.ts';

const runsOf = async (world: World, queryId: number): Promise<RunRow[]> => {
  const store = openSqliteStore(world.database);
  const refs = await store.list(runsOfQuery(DEVNET.chainId, queryId), { limit: 100 });
  const rows = await Promise.all(refs.map(({ body }) => store.get(runKey(RunRef.parse(body)))));
  return rows.flatMap((row) => (row ? [RunRow.parse(row.body)] : []));
};

const depths = async (world: World) => {
  const queue = openSqliteQueue(world.database, { clock: world.clock, random: seededRandom(1) });
  const names = Object.keys(QUEUES) as QueueName[];
  return await Promise.all(names.map((name) => queue.depth(name)));
};

/** Nothing is left to do: the query is final, each run has ended, nothing waits in outbox, queues or lanes. */
export const isQuiet = async (world: World, queryId: number): Promise<boolean> => {
  const query = await world.chain.query(queryId);
  if (!query?.outcome) return false;
  const runs = await runsOf(world, queryId);
  if (runs.length === 0 || runs.some(({ state }) => !TERMINAL.has(state))) return false;
  const store = openSqliteStore(world.database);
  const later = Number.MAX_SAFE_INTEGER;
  if ((await store.due(OUTBOX, later, 1)).length + (await store.due(OPEN_TRANSACTIONS, later, 1)).length > 0)
    return false;
  return (await depths(world)).every(({ visible, inFlight, delayed }) => visible + inFlight + delayed === 0);
};

/** By payer, of all blocks since the world opened. */
const feesPaid = async (world: World): Promise<Map<string, bigint>> => {
  const comet = world.comet();
  const paid = new Map<string, bigint>();
  for (let height = world.startHeight; height <= (await world.chain.head()).height; height++) {
    for (const { events } of (await comet.blockResults(height)).results) {
      const of = (key: string) =>
        events.flatMap(({ type, attributes }) => (type === 'tx' ? attributes : [])).find((a) => a.key === key)?.value ??
        '';
      const payer = of('fee_payer');
      if (payer) paid.set(payer, (paid.get(payer) ?? 0n) + BigInt(of('fee').replace(DEVNET.denom, '') || 0));
    }
  }
  return paid;
};

/**
 * What must be the same however often the process died: the verdict, seats, money and reputation on chain, the ends of runs, one
 * successful commit and reveal for each node, no dead letters. Heights and times may differ, and who settles is left to chance; so
 * balances are compared before transaction fees, which are counted apart.
 */
export const finalState = async (world: World, queryId: number) => {
  const { chain, nodes, operator } = world;
  const query = await chain.query(queryId);
  const seats = await chain.seats(queryId, query?.attempt ?? 0);
  const fees = await feesPaid(world);
  const owners = [operator, ...nodes].map(({ address }) => address);
  const balances = await Promise.all(owners.map(async (a) => (await chain.balanceUnes(a)) + (fees.get(a) ?? 0n)));
  const store = openSqliteStore(world.database);
  const runs = await runsOf(world, queryId);
  const read = await store.get(queryKey(DEVNET.chainId, queryId));
  const coverage = await Array.fromAsync(coverageBetween(store, DEVNET.chainId, 1, Number.MAX_SAFE_INTEGER));
  return {
    query: {
      attempt: query?.attempt,
      phase: query?.phase,
      digest: query?.outcome?.digest,
      votes: query?.outcome?.votes,
    },
    seats: seats
      .map(({ node, outcome, digest, paidUnes, slashedUnes }) => ({ node, outcome, digest, paidUnes, slashedUnes }))
      .sort((a, b) => a.node.localeCompare(b.node)),
    balances,
    nodes: await Promise.all(
      nodes.map(async ({ address }) => {
        const state = await chain.node(address);
        return { bondUnes: state?.bondUnes, reputation: state?.reputation };
      }),
    ),
    totals: await chain.totals(),
    readModel: read && QueryRow.parse(read.body).status,
    runs: runs.map(({ run, state }) => `${runId(run)} ${state}`).sort(),
    deadLetters: (await depths(world)).reduce((sum, { dead }) => sum + dead, 0),
    gaps: coverage.filter(({ height }, i) => height !== world.startHeight + i).length,
  };
};
