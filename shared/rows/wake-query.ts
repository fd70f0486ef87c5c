import type { AdvanceMessage } from '../messages/advance.ts';
import { outboxWrite } from '../outbox.ts';
import type { Write } from '../ports/store.ts';

/** The write that has a query looked at, and with it all its runs. @param id of the message */
export const wakeQuery = (
  id: string,
  message: Extract<AdvanceMessage, { readonly kind: 'query' | 'height' }>,
  nowMs: number,
): Write => {
  const { chainId, queryId } = message.query;
  return outboxWrite('advance-run', { id, group: `${chainId}/${queryId}`, body: JSON.stringify(message) }, nowMs);
};
