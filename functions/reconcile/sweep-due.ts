import type { QueueName } from '../../shared/messages/queues.ts';
import { outboxWrite } from '../../shared/outbox.ts';
import { ConditionFailedError } from '../../shared/ports/store-errors.ts';
import { OPEN_TRANSACTIONS, TX_SWEEP_MS, TxRow } from '../../shared/rows/transaction.ts';
import { DeliveryRow, WEBHOOK_RETRIES } from '../../shared/rows/webhook.ts';
import { type ReconcileDeps, SWEEP_LIMIT } from './deps.ts';

/** While a delivery is being tried it is not swept again. */
const WEBHOOK_HOLD_MS = 60_000;

interface Wake {
  readonly list: string;
  readonly holdMs: number;
  readonly queue: QueueName;
  readonly message: (body: unknown) => { readonly id: string; readonly group: string; readonly body: unknown };
}

const WAKES: readonly Wake[] = [
  {
    list: OPEN_TRANSACTIONS,
    holdMs: TX_SWEEP_MS,
    queue: 'send-transaction',
    message: (body) => {
      const { intent } = TxRow.parse(body);
      return { id: intent.txId, group: intent.signer, body: { txId: intent.txId } };
    },
  },
  {
    list: WEBHOOK_RETRIES,
    holdMs: WEBHOOK_HOLD_MS,
    queue: 'deliver-webhook',
    message: (body) => {
      const { endpointId, deliveryId } = DeliveryRow.parse(body);
      return { id: `${endpointId}/${deliveryId}`, group: endpointId, body: { endpointId, deliveryId } };
    },
  },
];

/** Transactions that have not ended and webhooks whose next attempt has come get a message again. @returns how many */
export const sweepDue = async ({ store, clock }: ReconcileDeps): Promise<number> => {
  const nowMs = clock.nowMs();
  let woken = 0;
  for (const { list, holdMs, queue, message } of WAKES) {
    for (const { pk, sk, body, version } of await store.due(list, nowMs, SWEEP_LIMIT)) {
      const { id, group, body: content } = message(body);
      try {
        await store.transact([
          { kind: 'put', key: { pk, sk }, body, due: { list, at: nowMs + holdMs }, expect: { version } },
          outboxWrite(queue, { id: `${id}/swept/${nowMs}`, group, body: JSON.stringify(content) }, nowMs),
        ]);
        woken += 1;
      } catch (error) {
        // Somebody is at work on it: no need to wake anybody.
        if (!(error instanceof ConditionFailedError)) throw error;
      }
    }
  }
  return woken;
};
