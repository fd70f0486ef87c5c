import { planIntent, type TxIntent } from '../chain/lanes/rows.ts';
import { outboxWrite } from '../outbox.ts';
import type { Write } from '../ports/store.ts';

/** Writes that plan a transaction and wake its signer's lane, to stand in the transaction of what caused it. */
export const planTransaction = (intent: TxIntent, nowMs: number): Write[] => [
  ...planIntent(intent, nowMs),
  outboxWrite(
    'send-transaction',
    { id: intent.txId, group: intent.signer, body: JSON.stringify({ txId: intent.txId }) },
    nowMs,
  ),
];
