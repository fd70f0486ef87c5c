import type { BlockEvents, ContractEvent } from '../ports/chain.ts';

/** How two readings of one block differ about one query (or about none). */
export interface Difference {
  readonly queryId: number | undefined;
  /** Ids of events: only the first reading has them, only the second, both but with another content. */
  readonly onlyFirst: readonly string[];
  readonly onlySecond: readonly string[];
  readonly unequal: readonly string[];
}

/** Height of an event, by its id: `chain/height/tx/msg/event`, or what a sweep says in its place. */
export const heightOf = (chainId: string, eventId: string): number =>
  Number(eventId.slice(chainId.length + 1).split('/')[0]);

/** Order in the block: transaction, then event. */
const place = ({ id }: ContractEvent): [number, number] => {
  const parts = id.split('/');
  return [Number(parts.at(-3)), Number(parts.at(-1))];
};

/** Whether an event stands after another one in their block. */
export const standsAfter = (event: ContractEvent, other: string): boolean => {
  const [a, b] = [place(event), place({ ...event, id: other })];
  return a[0] === b[0] ? a[1] > b[1] : a[0] > b[0];
};

/** Each event once, in the order of the block, whatever order and repetition the node answered with. */
export const inOrder = (events: readonly ContractEvent[]): ContractEvent[] => {
  const once = new Map(events.map((event) => [`${event.queryId}/${event.id}`, event]));
  const placed = [...once.values()].map((event) => ({ event, at: place(event) }));
  placed.sort((a, b) => a.at[0] - b.at[0] || a.at[1] - b.at[1]);
  return placed.map(({ event }) => event);
};

export const sameEvent = (
  a: ContractEvent,
  b: Omit<ContractEvent, 'queryId'> & { readonly queryId?: number | undefined },
): boolean =>
  a.kind === b.kind &&
  a.queryId === b.queryId &&
  a.txHash === b.txHash &&
  Object.keys(a.attributes).length === Object.keys(b.attributes).length &&
  Object.entries(a.attributes).every(([key, value]) => b.attributes[key] === value);

/** The events of two readings of one block together, in order; where both tell of one event differently, the first counts. */
export const union = (first: BlockEvents, second: BlockEvents): ContractEvent[] =>
  inOrder([...second.events, ...first.events]);

/** What two readings of one block say differently, query by query; empty when they agree. */
export const differences = (first: BlockEvents, second: BlockEvents): Difference[] => {
  const found = new Map<number | undefined, { onlyFirst: string[]; onlySecond: string[]; unequal: string[] }>();
  const about = (queryId: number | undefined) => {
    const lists = found.get(queryId) ?? { onlyFirst: [], onlySecond: [], unequal: [] };
    found.set(queryId, lists);
    return lists;
  };
  const left = new Map(first.events.map((event) => [event.id, event]));
  for (const event of new Map(second.events.map((e) => [e.id, e])).values()) {
    const other = left.get(event.id);
    left.delete(event.id);
    if (!other) about(event.queryId).onlySecond.push(event.id);
    else if (!sameEvent(event, other)) {
      for (const queryId of new Set([event.queryId, other.queryId])) about(queryId).unequal.push(event.id);
    }
  }
  for (const event of left.values()) about(event.queryId).onlyFirst.push(event.id);
  return [...found].map(([queryId, lists]) => ({ queryId, ...lists }));
};
