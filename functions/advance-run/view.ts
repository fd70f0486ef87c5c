import { TransientError } from '../../shared/errors.ts';
import type { Chain, Head } from '../../shared/ports/chain.ts';
import type { ModelState, QueryState, SeatState } from '../../shared/protocol/state.ts';

/** One reading of the contract about one query, shared by all runs that are advanced together. */
export interface QueryView {
  readonly head: Head;
  readonly query: QueryState;
  /** Seats of an attempt, read at most once. */
  seats(attempt: number): Promise<readonly SeatState[]>;
  /** Windows of the query's model, read at most once. */
  windows(): Promise<ModelState['windows']>;
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
  let windows: Promise<ModelState['windows']> | undefined;
  const readWindows = async (): Promise<ModelState['windows']> => {
    const model = await chain.model(query.model);
    if (model) return model.windows;
    throw new TransientError('model-absent', `the node does not know model ${query.model} of query ${queryId}`);
  };
  return {
    head,
    query,
    seats: (attempt) => {
      const known = seats.get(attempt) ?? chain.seats(queryId, attempt);
      seats.set(attempt, known);
      return known;
    },
    windows: () => {
      windows ??= readWindows();
      return windows;
    },
  };
};
