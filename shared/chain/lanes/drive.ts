import { QuorateError, TransientError } from '../../errors.ts';
import { type LaneAccount, type LaneDeps, lanesOf } from './deps.ts';
import { readTx } from './end.ts';
import { acquireLane, type HeldLane } from './lease.ts';
import { prepareBatch } from './prepare.ts';
import { hasEnded, type TxRow } from './rows.ts';
import { sendAgain, settleBatches } from './settle.ts';

/**
 * Works on a lane until this intent has ended: included in a block, refused, or expired for certain. Whatever else waits for the
 * lane goes along. Every step is a conditional write, so it may be repeated from anywhere and by many processes at once.
 * @throws {TransientError} `not-included-yet`, `mempool-full`, `rpc-unavailable`: call again later
 * @throws {InvariantError} `unknown-transaction`
 */
export const driveIntent = async (deps: LaneDeps, txId: string): Promise<void> => {
  const budget = { polls: deps.terms.maxPolls };
  for (;;) {
    const { row } = await readTx(deps, txId);
    if (hasEnded(row)) return;
    const lane = await acquireOne(deps, row, txId);
    // Who loses the lease on the way, by being slow, is where he was without it.
    const held = lane && (await driveLane(deps, lane, txId, budget).then(() => true, unlessLost));
    if (lane?.wantedEnded) return;
    if (!held) await pause(deps, budget, 'its lane is in other hands');
  }
};

const pause = async ({ clock, terms }: LaneDeps, budget: { polls: number }, why: string): Promise<void> => {
  budget.polls -= 1;
  if (budget.polls <= 0) throw new TransientError('not-included-yet', `no block holds it yet: ${why}`);
  await clock.sleep(terms.pollMs);
};

/** The lane that has it, or any of its principal's that is free. */
const acquireOne = async (deps: LaneDeps, row: TxRow, txId: string): Promise<HeldLane | undefined> => {
  const all = lanesOf(deps, row.intent.signer);
  const named = row.state === 'batched' ? row.lane : undefined;
  const start = named === undefined && all.length > 1 ? deps.random.below(all.length) : 0;
  const order: readonly LaneAccount[] =
    named === undefined
      ? [...all.slice(start), ...all.slice(0, start)]
      : [all.find(({ address }) => address === named) ?? { address: named }];
  for (const account of order) {
    const lane = await acquireLane(deps, account, txId);
    if (lane) return lane;
  }
  return undefined;
};

/** Until the intent that it was taken for has ended, or nothing is left to do here. */
const driveLane = async (deps: LaneDeps, lane: HeldLane, txId: string, budget: { polls: number }): Promise<void> => {
  try {
    while (!lane.released) {
      if (await settleBatches(deps, lane)) continue;
      if (await prepareBatch(deps, lane)) continue;
      if (budget.polls <= 1) await sendAgain(deps, lane);
      await pause(deps, budget, `${lane.row.batches.length} batches of ${lane.account.address} are on their way`);
      if (!(await isHere(deps, lane, txId))) return;
      await lane.renew();
    }
  } finally {
    await lane.release().catch(onlyTransient);
  }
};

/** Another lane of its principal may have taken it, and ended it. */
const isHere = async (deps: LaneDeps, { row, account }: HeldLane, txId: string): Promise<boolean> => {
  if (row.batches.some(({ members }) => members.some((member) => member.txId === txId))) return true;
  const { row: tx } = await readTx(deps, txId);
  return tx.state === 'planned' || (tx.state === 'batched' && tx.lane === account.address);
};

const unlessLost = (error: unknown): false => {
  if (error instanceof TransientError && error.code === 'lease-lost') return false;
  throw error;
};

/** A lease that could not be given back runs out by itself. */
const onlyTransient = (error: unknown): undefined => {
  if (error instanceof QuorateError && error.family === 'transient') return undefined;
  throw error;
};
