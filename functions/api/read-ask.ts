import { BadInputError } from '../../shared/errors.ts';
import { AskRow, askKey } from '../../shared/rows/ask.ts';
import { TxRow, txKey } from '../../shared/rows/transaction.ts';
import type { ApiDeps } from './deps.ts';
import { linksOf } from './read-query.ts';
import type { AskView } from './schemas/asks.ts';

/** How an ask stands: its transaction, and its query once that is included. */
export const viewAsk = async (deps: ApiDeps, ask: AskRow): Promise<AskView> => {
  const stored = await deps.store.get(txKey(ask.txId));
  const tx = stored && TxRow.parse(stored.body);
  const queryId = tx?.state === 'included' ? tx.queryId : undefined;
  const links: Record<string, string> = { self: `/v1/asks/${encodeURIComponent(ask.askId)}` };
  return {
    askId: ask.askId,
    status: statusOf(tx),
    model: ask.model,
    inputHash: ask.inputHash,
    seats: ask.seats,
    feeUnes: ask.feeUnes,
    ...(tx && 'hash' in tx && { txHash: tx.hash }),
    ...(queryId !== undefined && { queryId }),
    ...reasonOf(tx),
    links: queryId === undefined ? links : { ...links, ...linksOf(queryId) },
  };
};

const statusOf = (tx: TxRow | undefined): AskView['status'] => {
  if (!tx) return 'planned';
  if (tx.state === 'batched') return 'sent';
  return tx.state === 'included' && tx.code !== 0 ? 'refused' : tx.state;
};

const reasonOf = (tx: TxRow | undefined): { reason?: string } => {
  if (tx?.state === 'expired' || tx?.state === 'refused') return { reason: tx.reason };
  return tx?.state === 'included' && tx.code !== 0 ? { reason: tx.log } : {};
};

/** @throws {BadInputError} `unknown-ask` */
export const readAsk = async (deps: ApiDeps, askId: string): Promise<AskView> => {
  const stored = await deps.store.get(askKey(askId));
  if (stored) return viewAsk(deps, AskRow.parse(stored.body));
  throw new BadInputError('unknown-ask', `no ask ${askId} was taken here`, {
    next: 'Use the askId that POST /v1/queries answered.',
    details: { askId },
  });
};
