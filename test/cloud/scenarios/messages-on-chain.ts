import { expect } from 'vitest';
import { toHex } from '../../../shared/protocol/encoding.ts';
import type { Cloud } from '../harness.ts';

export interface MessageAbout {
  readonly sender: string;
  readonly call: string;
  /** Whose account the fee of its transaction was taken from. */
  readonly feePayer: string;
}

/** Messages about a query that succeeded on chain, but for the ask, by sender and call. */
export const messagesAbout = async ({ chain }: Cloud, queryId: number, fromHeight: number): Promise<MessageAbout[]> => {
  const { txs } = await chain.comet.txSearchAll({ query: `tx.height >= ${fromHeight}` });
  const found = await Promise.all(txs.map(({ hash }) => chain.chain.transaction(toHex(hash).toUpperCase())));
  return found
    .flatMap((tx) =>
      (tx?.code === 0 ? tx.messages : [])
        .filter((message) => message.queryId === queryId && message.call !== 'ask')
        .map(({ sender = '', call = '' }) => ({ sender, call, feePayer: tx?.feePayer ?? '' })),
    )
    .sort((a, b) => (`${a.sender} ${a.call}` < `${b.sender} ${b.call}` ? -1 : 1));
};

/**
 * Each node committed once and revealed once, and somebody settled. Deployments know nothing of each other, so each may settle: the
 * contract answers a second settlement without doing anything (`noop` in contract/src/settle.rs), which is for the balances to show.
 */
export const expectNothingTwice = (
  messages: readonly MessageAbout[],
  nodes: readonly string[],
  deployments = 1,
): void => {
  const said = (wanted: (call: string) => boolean) =>
    messages.filter(({ call }) => wanted(call)).map(({ sender, call }) => `${sender} ${call}`);
  expect(said((call) => call !== 'settle')).toEqual(
    nodes.toSorted().flatMap((node) => [`${node} commit`, `${node} reveal`]),
  );
  const settled = said((call) => call === 'settle').length;
  expect(settled).toBeGreaterThanOrEqual(1);
  expect(settled).toBeLessThanOrEqual(deployments);
};
