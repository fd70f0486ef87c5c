import { outboxWrite } from '../outbox.ts';
import type { Write } from '../ports/store.ts';
import { OPEN_TRANSACTIONS, type TxIntent, type TxRow, txKey } from './transaction.ts';

/** A transaction that has not ended after this long is looked at again by the sweep. */
export const TX_SWEEP_MS = 15_000;

/** Writes that plan a transaction and wake its signer's lane, to stand in the transaction of what caused it. */
export const planTransaction = (intent: TxIntent, nowMs: number): Write[] => [
  {
    kind: 'put',
    key: txKey(intent.txId),
    body: { state: 'planned', intent, signatures: 0 } satisfies TxRow,
    due: { list: OPEN_TRANSACTIONS, at: nowMs + TX_SWEEP_MS },
    expect: 'absent',
  },
  outboxWrite(
    'send-transaction',
    { id: intent.txId, group: intent.signer, body: JSON.stringify({ txId: intent.txId }) },
    nowMs,
  ),
];
