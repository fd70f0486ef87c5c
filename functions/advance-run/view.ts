import type { Chain, Head } from '../../shared/ports/chain.ts';
import type { QueryState, SeatState } from '../../shared/protocol/state.ts';

/** One reading of the contract about one query, shared by all runs that are advanced together. */
export interface QueryView {
  readonly head: Head;
  readonly query: QueryState;
  /** Seats of an attempt, read at most once. */
  seats(attempt: number): Promise<readonly SeatState[]>;
}

export const readView = async (
  chain: Chain,
  queryId: number,
): Promise<QueryView | { readonly head: Head; readonly query: undefined }> => {
  // The head first: the state read after it is at least as new, so nothing is believed older than it is.
  const head = await chain.head();
  const query = await chain.query(queryId);
  if (!query) return { head, query: undefined };
  const seats = new Map<number, Promise<readonly SeatState[]>>();
  return {
    head,
    query,
    seats: (attempt) => {
      const known = seats.get(attempt) ?? chain.seats(queryId, attempt);
      seats.set(attempt, known);
      return known;
    },
  };
};
