import { TransientError } from '../../shared/errors.ts';
import type { RunFacts } from '../../shared/protocol/lifecycle.ts';
import { phaseAt } from '../../shared/protocol/phase.ts';
import type { RunRow } from '../../shared/rows/run.ts';
import { TxRow, txKey } from '../../shared/rows/transaction.ts';
import { type AdvanceDeps, MAX_TX_TRIES } from './deps.ts';
import { drawSeat } from './draw.ts';
import { stagesOutcome } from './stages.ts';
import type { QueryView } from './view.ts';

/** Facts for the table, with the row as they complete it (draw, result, settle height). Reads only what the state needs. */
export const gatherFacts = async (
  deps: AdvanceDeps,
  row: RunRow,
  view: QueryView,
): Promise<{ readonly facts: RunFacts; readonly row: RunRow }> => {
  const { run, state } = row;
  const nextHeight = view.head.height + 1;
  if (view.query.attempt < run.attempt) {
    throw new TransientError(
      'rpc-lags',
      `the node is at attempt ${view.query.attempt} of query ${run.queryId}, the run at ${run.attempt}`,
    );
  }
  const phase = view.query.attempt > run.attempt || view.query.outcome ? 'over' : phaseAt(view.query, nextHeight);

  const undrawn = (state === 'seen' || state === 'waiting') && phase === 'commit';
  const drawn = undrawn ? await drawSeat(deps.chain, signerOf(deps, run.node), view.query, row.tried) : {};
  const draw = drawn.draw ?? row.draw;
  const stages = state === 'running' ? await stagesOutcome(deps.store, deps.blobs, run) : undefined;
  const settleHeight =
    state === 'awaiting-settlement' && phase === 'settle'
      ? (row.settleHeight ?? nextHeight + deps.random.below(deps.settleSpreadBlocks))
      : row.settleHeight;
  const seats = state === 'seen' || state === 'waiting' || phase === 'over' ? [] : await view.seats(run.attempt);

  return {
    facts: {
      phase,
      drawn: draw !== undefined,
      stages: stages?.state ?? 'unfinished',
      seat: seats.find((seat) => seat.node === run.node)?.outcome,
      tx: await txFact(deps, row),
      triesLeft: (row.tx?.tries ?? 0) < MAX_TX_TRIES,
      settleDue: settleHeight !== undefined && nextHeight >= settleHeight,
    },
    row: {
      ...row,
      ...drawn,
      ...(stages?.state === 'done' && { result: stages.result }),
      ...(stages?.state === 'failed' && { reason: stages.reason }),
      ...(settleHeight !== undefined && { settleHeight }),
    },
  };
};

const txFact = async ({ store }: AdvanceDeps, { tx }: RunRow): Promise<RunFacts['tx']> => {
  if (!tx) return 'none';
  const row = await store.get(txKey(tx.id));
  const sent = row && TxRow.parse(row.body);
  if (sent?.state === 'included') return sent.code === 0 ? 'included' : 'refused';
  return sent?.state === 'expired' || sent?.state === 'refused' ? 'refused' : 'open';
};

export const signerOf = ({ nodes }: AdvanceDeps, address: string) => {
  const signer = nodes.get(address);
  if (!signer) throw new RangeError(`node ${address} is not one of this deployment's`);
  return signer;
};
