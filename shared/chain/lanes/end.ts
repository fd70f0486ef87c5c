import { InvariantError } from '../../errors.ts';
import type { IncludedTx } from '../../ports/chain.ts';
import type { Due, Write } from '../../ports/store.ts';
import { shareOf } from '../../protocol/money.ts';
import type { LaneDeps } from './deps.ts';
import { shares } from './fee.ts';
import type { Fate } from './outcome.ts';
import {
  type Batch,
  type Ended,
  type Member,
  openDue,
  type TxIntent,
  TxRow,
  txKey,
  type Waiting,
  waitingKey,
} from './rows.ts';

/** With the time at which a sweep looks at it again, unless it has ended. @throws {InvariantError} `unknown-transaction` */
export const readTx = async (
  { store }: Pick<LaneDeps, 'store'>,
  txId: string,
): Promise<{ readonly row: TxRow; readonly due?: Due }> => {
  const stored = await store.get(txKey(txId));
  if (!stored) throw new InvariantError('unknown-transaction', `no transaction '${txId.slice(0, 200)}' was planned`);
  return { row: TxRow.parse(stored.body), ...(stored.due && { due: stored.due }) };
};

/** An intent's end, and the news of it. Any version of the row: who may write it is settled by the lane row and the token. */
export const endWrites = ({ clock, onEnded }: Pick<LaneDeps, 'clock' | 'onEnded'>, row: Ended): Write[] => [
  { kind: 'put', key: txKey(row.intent.txId), body: row, expect: 'any' },
  ...(onEnded?.(row, clock.nowMs()) ?? []),
];

/** Back among the planned ones, with its history. */
const againWrites = ({ clock }: LaneDeps, intent: TxIntent, { sizeBytes: _, ...history }: Member): Write[] => {
  const row: TxRow = { state: 'planned', intent, signatures: history.signatures };
  return [
    { kind: 'put', key: txKey(intent.txId), body: row, due: openDue(clock.nowMs()), expect: 'any' },
    { kind: 'put', key: waitingKey(intent), body: history satisfies Waiting, expect: 'absent' },
  ];
};

export interface Resolved {
  readonly writes: readonly Write[];
  /** Intents that end by them. */
  readonly ended: readonly string[];
}

/** The writes of each member's fate. `end` says how one ends that does not go again. */
export const resolve = async (
  deps: LaneDeps,
  batch: Batch,
  fates: readonly Fate[],
  end: (intent: TxIntent, place: number) => Ended,
): Promise<Resolved> => {
  const rows = await Promise.all(batch.members.map(({ txId }) => readTx(deps, txId)));
  const ended: string[] = [];
  const writes = rows.flatMap(({ row: { intent } }, i) => {
    const fate = fates[i];
    if (fate?.kind === 'again') return againWrites(deps, intent, fate.member);
    ended.push(intent.txId);
    return endWrites(deps, end(intent, i));
  });
  return { writes, ended };
};

/** How the members of a delivered batch end: each with its share of gas, fee and bytes, and with its own query. */
export const includedAs = ({ hash, members }: Batch, tx: IncludedTx) => {
  const sizes = shares(
    tx.sizeBytes,
    members.map(({ sizeBytes }) => sizeBytes),
  );
  return (intent: TxIntent, place: number): Ended => {
    // One message for each member, in their order; inside MsgExec the outer index is kept too.
    const own = tx.events.filter(({ attributes }) => (attributes.msg_index ?? '0') === String(place));
    const queryId = own.find(({ kind }) => kind === 'asked')?.queryId;
    return {
      state: 'included',
      intent,
      hash,
      height: tx.height,
      code: tx.code,
      log: tx.log.slice(0, 500),
      gasUsed: Number(shareOf(BigInt(tx.gasUsed), place, members.length)),
      sizeBytes: sizes[place] ?? 0,
      feeUnes: String(shareOf(tx.feeUnes, place, members.length)),
      ...(queryId !== undefined && { queryId }),
    };
  };
};
