import type { RunState } from '../../shared/protocol/lifecycle.ts';
import type { RunRow } from '../../shared/rows/run.ts';
import { TxRow, txKey } from '../../shared/rows/transaction.ts';
import type { ApiDeps } from './deps.ts';
import { explainStages } from './explain-stages.ts';
import type { WhyView } from './schemas/queries.ts';

const STATES: Readonly<Record<RunState, string>> = {
  seen: 'The node has seen the query and is about to draw.',
  waiting: 'The node is not drawn in the rounds so far; the next round admits more nodes.',
  running: 'The node is drawn and its workers compute.',
  committing: 'The result is there; its commitment is on its way to the chain.',
  committed: 'The contract holds the commitment; the node reveals when the commit window closes.',
  revealing: 'The reveal is on its way to the chain.',
  'awaiting-settlement': 'The node has done its part and waits for somebody to settle.',
  settling: 'Nobody settled, so this node does.',
  'not-drawn': 'The node was not drawn; nothing was to be done.',
  missed: 'The node missed a window.',
  failed: 'The node gave up.',
  final: 'The attempt is settled.',
};

const explainTx = async ({ store }: ApiDeps, { tx }: RunRow, height: number): Promise<string[]> => {
  if (!tx) return [];
  const stored = await store.get(txKey(tx.id));
  const what = `Its ${tx.kind} (try ${tx.tries})`;
  if (!stored) return [`${what} is planned.`];
  const row = TxRow.parse(stored.body);
  const left = Math.max(0, row.intent.deadlineHeight - height);
  switch (row.state) {
    case 'planned':
      return [`${what} waits for its signer; ${left} blocks are left.`];
    case 'batched':
      return [`${what} is signed and on its way as ${row.hash}, in no block yet; ${left} blocks are left.`];
    case 'included':
      return [
        row.code === 0
          ? `${what} is in block ${row.height} (${row.hash}).`
          : `${what} was refused in block ${row.height} with code ${row.code}: ${row.log}`,
      ];
    case 'expired':
      return [`${what} never got into a block: ${row.reason}`];
    case 'refused':
      return [`${what} was refused before any block: ${row.reason}`];
  }
};

/** Where one run is, and what it waits for. */
export const explainRun = async (deps: ApiDeps, run: RunRow, height: number): Promise<WhyView['runs'][number]> => ({
  node: run.run.node,
  attempt: run.run.attempt,
  state: run.state,
  sentences: [
    STATES[run.state],
    ...(run.draw ? [`It was drawn in round ${run.draw.round}.`] : []),
    ...(run.reason ? [`Reason: ${run.reason}`] : []),
    ...(run.state === 'awaiting-settlement' && run.settleHeight !== undefined
      ? [`It settles itself from height ${run.settleHeight} on (${Math.max(0, run.settleHeight - height)} blocks).`]
      : []),
    ...(await explainStages(deps, run)),
    ...(await explainTx(deps, run, height)),
  ],
});
