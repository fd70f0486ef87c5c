import type { QueryState, SeatState } from '../protocol/state.ts';
import type { Act } from './gas.ts';

/** An event of the query as a watcher stored it. */
export interface LedgerEvent {
  readonly kind: string;
  readonly txHash: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Attempts that the contract has settled. */
export const settledAttempts = ({ attempt, outcome }: QueryState): number[] => {
  const judged = outcome?.kind === 'verified' || outcome?.reason === 'no_majority';
  return Array.from({ length: judged ? attempt + 1 : attempt }, (_, i) => i);
};

/** The event of an attempt's settlement; one that found nothing to do is none. */
export const settlementOf = (events: readonly LedgerEvent[], attempt: number): LedgerEvent | undefined =>
  events.find(
    ({ kind, attributes }) =>
      kind === 'settled' && attributes.outcome !== 'noop' && attributes.attempt === String(attempt),
  );

export const refundOf = (events: readonly LedgerEvent[]): LedgerEvent | undefined =>
  events.find(({ kind }) => kind === 'refunded');

const SHOWED: ReadonlySet<string> = new Set(['revealed', 'majority', 'minority', 'mismatch', 'late']);

/**
 * What must have happened for the contract's state to be what it is, and is not among the transactions that are known: an RPC
 * that hid events, or a watcher that has not come that far. Empty when every act is accounted for.
 */
export const missingActs = (
  query: QueryState,
  seats: readonly SeatState[],
  events: readonly LedgerEvent[],
  acts: readonly Act[],
): string[] => {
  const done = acts.filter(({ failed }) => !failed);
  const has = (call: string, holds: (act: Act) => boolean): boolean =>
    done.some((act) => act.call === call && holds(act));
  const missing: string[] = [];
  if (!has('ask', ({ height }) => height === query.askedHeight)) missing.push(`the ask at height ${query.askedHeight}`);
  for (const { node, attempt, committedHeight } of seats) {
    if (!has('commit', ({ sender, height }) => sender === node && height === committedHeight)) {
      missing.push(`the commit of ${node} in attempt ${attempt} at height ${committedHeight}`);
    }
  }
  for (const node of new Set(seats.map((seat) => seat.node))) {
    const wanted = seats.filter((seat) => seat.node === node && SHOWED.has(seat.outcome)).length;
    const found = done.filter(({ call, sender }) => call === 'reveal' && sender === node).length;
    if (found < wanted) missing.push(`${wanted - found} of ${wanted} reveals of ${node}`);
  }
  for (const attempt of settledAttempts(query)) {
    const event = settlementOf(events, attempt);
    if (!event || !has('settle', ({ txHash }) => txHash === event.txHash)) {
      missing.push(`the settlement of attempt ${attempt}`);
    }
  }
  const { outcome } = query;
  if (outcome?.kind === 'refunded') {
    const event = refundOf(events);
    if (!event || !has(outcome.reason === 'no_majority' ? 'settle' : 'expire', (act) => act.txHash === event.txHash)) {
      missing.push(`the refund at height ${outcome.height}`);
    }
  }
  return missing;
};
