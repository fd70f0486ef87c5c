import type { QueryStatus } from '../answers.ts';
import type { Io } from './io.ts';

const SAYS: Readonly<Record<QueryStatus['status'], string>> = {
  queued: 'waits for a free place on the chain',
  committing: 'a committee is drawn and computes; members commit',
  revealing: 'members reveal what they committed to',
  settling: 'everything is revealed; waits to be settled',
  verified: 'verified',
  refunded: 'refunded',
};

/** One line per change, with the seconds since the first: on stderr, so that stdout holds the answer alone. */
export const showProgress = (io: Io): ((status: QueryStatus) => void) => {
  const startedMs = io.clock.nowMs();
  return ({ queryId, status, attempt }) => {
    const seconds = ((io.clock.nowMs() - startedMs) / 1_000).toFixed(1).padStart(6);
    const again = attempt > 0 ? ` (attempt ${attempt + 1})` : '';
    io.err(`${seconds} s  query ${queryId}${again}: ${SAYS[status]}`);
  };
};
