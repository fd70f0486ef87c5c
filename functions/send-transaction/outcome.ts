import { runId } from '../../shared/messages/ids.ts';
import { outboxWrite } from '../../shared/outbox.ts';
import type { IncludedTx } from '../../shared/ports/chain.ts';
import type { Write } from '../../shared/ports/store.ts';
import type { TxIntent, TxRow } from '../../shared/rows/transaction.ts';

/** ABCI codes of the SDK (cosmos-sdk types/errors) that do not end a transaction. */
export const CODE = { sequenceMismatch: 32, alreadyInMempool: 19, mempoolFull: 20, timeoutHeight: 30 } as const;

export const included = (row: Extract<TxRow, { state: 'signed' | 'sent' }>, tx: IncludedTx): TxRow => {
  const queryId = tx.events.find((event) => event.kind === 'asked')?.queryId;
  return {
    state: 'included',
    intent: row.intent,
    hash: row.hash,
    height: tx.height,
    code: tx.code,
    log: tx.log.slice(0, 500),
    gasUsed: tx.gasUsed,
    sizeBytes: tx.sizeBytes,
    ...(queryId !== undefined && { queryId }),
  };
};

export const expired = (intent: TxIntent, reason: string): TxRow => ({ state: 'expired', intent, reason });

/** Tells the run that its transaction ended, in the transaction that ends it. */
export const tellRun = ({ run, txId }: TxIntent, nowMs: number): Write[] =>
  run
    ? [
        outboxWrite(
          'advance-run',
          { id: `ended/${txId}`, group: runId(run), body: JSON.stringify({ kind: 'transaction', run, txId }) },
          nowMs,
        ),
      ]
    : [];
