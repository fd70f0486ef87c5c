import { systemClock } from '../../../shared/adapters/system/clock.ts';
import { OPEN_TRANSACTIONS } from '../../../shared/chain/lanes/rows.ts';
import { toHex } from '../../../shared/protocol/encoding.ts';
import type { House } from '../house.ts';
import { DEVNET } from '../settings.ts';
import type { Claim, OutcomeContext } from './claims.ts';
import type { EdgeFault } from './names.ts';

/** Longest wait for the transactions that were still under way when the query ended. */
const SETTLE_MS = 30_000;

/** What must hold after any fault between the deployment and the chain: nothing lost, nothing twice, all money where it belongs. */
export const edgeOutcome = async (
  fault: EdgeFault,
  { house, query }: OutcomeContext,
  struck: number,
): Promise<Claim[]> => {
  const { chain } = house;
  const seats = await chain.seats(query.id, query.attempt);
  const open = await stillOpen(house);
  const told = await toldOnChain(house, query.id, query.askedHeight);
  const once = (kind: string): boolean => seats.every(({ node }) => told.get(`${kind}/${node}`) === 1);
  const nodes = await Promise.all(seats.map(({ node }) => chain.node(node)));
  return [
    { text: `the fault struck ${struck} times`, holds: struck > 0 },
    {
      text: `all ${seats.length} members committed, revealed and were paid`,
      holds: seats.length === DEVNET.nodes && seats.every((seat) => seat.outcome === 'majority' && seat.paidUnes > 0n),
    },
    { text: 'each of them once: no message is on the chain twice', holds: once('committed') && once('revealed') },
    { text: 'nobody is slashed', holds: nodes.every((node) => node?.bondUnes === DEVNET.nodeBondUnes) },
    { text: `no transaction is left without an end: ${open} open`, holds: open === 0 },
    ...(await covered(house)),
    ...(await ofItsOwn(fault, house, query.askedHeight)),
  ];
};

const stillOpen = async ({ backend }: House): Promise<number> => {
  const until = systemClock.nowMs() + SETTLE_MS;
  for (;;) {
    const open = await backend.store.due(OPEN_TRANSACTIONS, Number.MAX_SAFE_INTEGER, 100);
    if (open.length === 0 || systemClock.nowMs() > until) return open.length;
    await systemClock.sleep(DEVNET.blockMs);
  }
};

/** How often the chain tells of each node's commit and reveal. */
const toldOnChain = async ({ chain }: House, queryId: number, from: number): Promise<Map<string, number>> => {
  const told = new Map<string, number>();
  const { height: to } = await chain.head();
  for (let height = from; height <= to; height++) {
    for (const event of (await chain.block(height)).events) {
      if (event.queryId !== queryId) continue;
      const key = `${event.kind}/${event.attributes.node}`;
      told.set(key, (told.get(key) ?? 0) + 1);
    }
  }
  return told;
};

const covered = async ({ apiUrl }: House): Promise<Claim[]> => {
  const view = (await (await fetch(`${apiUrl}/v1/coverage?from=1`)).json()) as {
    readonly to: number;
    readonly gaps: readonly unknown[];
    readonly breaks: readonly unknown[];
    readonly twice: readonly unknown[];
  };
  const holds = view.gaps.length === 0 && view.breaks.length === 0 && view.twice.length === 0;
  return [{ text: `heights 1 to ${view.to} were read, without gap, break or double`, holds }];
};

/** What only this fault leaves on the chain. */
const ofItsOwn = async (fault: EdgeFault, { chain, comet }: House, from: number): Promise<Claim[]> => {
  if (fault !== 'out-of-gas' && fault !== 'fee-spike') return [];
  const { txs } = await comet.txSearchAll({ query: `tx.height >= ${from}` });
  if (fault === 'out-of-gas') {
    const failed = txs.filter(({ result }) => result.code === 11).length;
    return [{ text: `${failed} transactions ran out of gas and went again with more`, holds: failed > 0 }];
  }
  const included = await Promise.all(txs.map(({ hash }) => chain.transaction(toHex(hash).toUpperCase())));
  const dear = included.filter((tx) => tx && Number(tx.feeUnes) / tx.gasWanted >= 0.1).length;
  return [{ text: `${dear} transactions paid the price after the spike`, holds: dear > 0 }];
};
