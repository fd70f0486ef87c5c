import middy from '@middy/core';
import type { Logger } from '../../shared/log.ts';
import { SendTransactionMessage } from '../../shared/rows/transaction.ts';
import { sqsBatch } from '../../shared/sqs-batch.ts';
import type { SendDeps } from './deps.ts';
import { sendTransaction } from './use-case.ts';

/** Consumer of FIFO queue `send-transaction`: its group is the signer, so each account has one writer. */
export const createHandler = (deps: SendDeps, log: Logger) =>
  middy(sqsBatch(SendTransactionMessage, ({ txId }) => sendTransaction(deps, txId), { log }));
