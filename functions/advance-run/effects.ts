import { commitMessage, revealMessage, settleMessage } from '../../shared/chain/contract-messages.ts';
import { InvariantError } from '../../shared/errors.ts';
import { runId, runTxId } from '../../shared/messages/ids.ts';
import { outboxWrite } from '../../shared/outbox.ts';
import type { Write } from '../../shared/ports/store.ts';
import { commitment, saltMessage, sketchHash } from '../../shared/protocol/commitment.ts';
import { fromHex, toHex } from '../../shared/protocol/encoding.ts';
import type { Effect, TxKind } from '../../shared/protocol/lifecycle.ts';
import { planTransaction } from '../../shared/rows/plan-transaction.ts';
import type { RunRow } from '../../shared/rows/run.ts';
import { txKey } from '../../shared/rows/transaction.ts';
import type { AdvanceDeps } from './deps.ts';
import { signerOf } from './facts.ts';
import type { QueryView } from './view.ts';

/** Settlement is anyone's to send and never too late; this bounds how long one signature may wait for a block. */
const SETTLE_BLOCKS = 30;

/** Gas to reckon with while a simulation cannot tell, by committee size: what wasmd v0.61 takes (`npm run bench -- gas`). */
const GAS_UNSEEN: Readonly<Record<TxKind, (committed: number) => number>> = {
  commit: () => 215_000,
  reveal: () => 165_000,
  settle: (committed) => 140_000 + 90_000 * committed,
};

export interface Planned {
  readonly row: RunRow;
  readonly writes: readonly Write[];
}

/** The writes that make an effect happen, to stand in the transaction that moves the run. */
export const planEffect = async (deps: AdvanceDeps, effect: Effect, row: RunRow, view: QueryView): Promise<Planned> => {
  if (effect === 'start-job') return { row, writes: [startJob(row, deps.clock.nowMs())] };
  const kind = effect.slice('send-'.length) as TxKind;
  const tries = row.tx?.kind === kind ? row.tx.tries + 1 : 1;
  const txId = runTxId(row.run, kind, tries);
  const moved = { ...row, tx: { kind, id: txId, tries } };
  // Another node of this deployment has planned the settlement.
  if (kind === 'settle' && (await deps.store.get(txKey(txId)))) return { row: moved, writes: [] };
  const { msg, deadlineHeight } = await transactionOf(deps, kind, row, view);
  const opens = { height: view.head.height + 1, gasUsed: GAS_UNSEEN[kind](view.query.opening?.committed ?? 0) };
  const intent = { txId, signer: row.run.node, msg, fundsUnes: '0', deadlineHeight, opens, run: row.run };
  return { row: moved, writes: planTransaction(intent, deps.clock.nowMs()) };
};

const startJob = (row: RunRow, nowMs: number): Write =>
  outboxWrite(
    'start-job',
    {
      id: `${runId(row.run)}/start`,
      group: row.run.node,
      body: JSON.stringify({ run: row.run, queryHash: row.queryHash, model: row.model, input: row.inputHash }),
    },
    nowMs,
  );

const transactionOf = async (deps: AdvanceDeps, kind: TxKind, row: RunRow, view: QueryView) => {
  const { run, result, draw } = row;
  const { opening } = view.query;
  const { height } = view.head;
  if (kind === 'settle') return { msg: settleMessage(run.queryId), deadlineHeight: height + SETTLE_BLOCKS };
  if (!opening || !result || !draw) {
    throw new InvariantError(
      'run-incomplete',
      `run ${runId(run)} has to ${kind} without ${result ? 'a draw' : 'a result'}`,
    );
  }
  const attempt = { chainId: run.chainId, contract: deps.chain.contract, queryId: run.queryId, attempt: run.attempt };
  const salt = await signerOf(deps, run.node).seal(saltMessage(attempt));
  if (kind === 'reveal') {
    const reveal = { digest: result.digest, sketch: [], receiptsRoot: result.receiptsRoot, salt: toHex(salt) };
    const deadlineHeight = opening.revealClose ?? opening.commitClose + (await view.windows()).revealBlocks;
    return { msg: revealMessage(run.queryId, reveal), deadlineHeight };
  }
  const hidden = commitment(attempt, {
    node: run.node,
    digest: fromHex(result.digest),
    sketchHash: sketchHash([]),
    receiptsRoot: fromHex(result.receiptsRoot),
    salt,
  });
  return {
    msg: commitMessage(run.queryId, draw.round, draw.proof, toHex(hidden)),
    deadlineHeight: opening.commitClose,
  };
};
