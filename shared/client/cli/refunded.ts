import { BadInputError } from '../../errors.ts';
import type { QueryStatus } from '../answers.ts';

/** A query that ended without an answer. */
export const refundedError = ({ queryId, reason }: QueryStatus): BadInputError =>
  new BadInputError(
    'query-refunded',
    `query ${queryId} has no answer: it was refunded (${reason ?? 'no reason given'})`,
    {
      next: `See 'quorate why ${queryId}'; the fee is back in the asker's wallet, ask again.`,
      details: { queryId, reason: reason ?? null },
    },
  );
