import middy from '@middy/core';
import type { Logger } from '../../shared/log.ts';
import { SendTransactionMessage } from '../../shared/rows/transaction.ts';
import { BATCH_TIMEOUT, type BatchHooks, sqsBatch } from '../../shared/sqs-batch.ts';
import type { SendDeps } from './deps.ts';
import { sendTransaction } from './use-case.ts';

/** Consumer of FIFO queue `send-transaction`: its group is the signer, so each account has one writer. */
export const createHandler = (deps: SendDeps, log: Logger, hooks: BatchHooks = {}) =>
  middy(
    // The id of a transaction begins with, or names, the query that it is for.
    sqsBatch(SendTransactionMessage, ({ txId }) => sendTransaction(deps, txId), {
      log,
      correlate: ({ txId }) => ({ txId }),
      ...hooks,
    }),
    BATCH_TIMEOUT,
  );
