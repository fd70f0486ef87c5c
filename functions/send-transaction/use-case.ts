import { driveIntent } from '../../shared/chain/lanes/drive.ts';
import { runId } from '../../shared/messages/ids.ts';
import { outboxWrite } from '../../shared/outbox.ts';
import type { Write } from '../../shared/ports/store.ts';
import type { TxIntent } from '../../shared/rows/transaction.ts';
import type { SendDeps } from './deps.ts';

/**
 * Brings one transaction to its end (promise P10); others that wait for the same lane go along, and their messages find them ended.
 * @throws {TransientError} the message comes again
 */
export const sendTransaction = (deps: SendDeps, txId: string): Promise<void> =>
  driveIntent({ ...deps, onEnded: tellRun }, txId);

/** Tells the run that its transaction ended, in the transaction that ends it. */
const tellRun = ({ run, txId }: TxIntent, nowMs: number): Write[] =>
  run
    ? [
        outboxWrite(
          'advance-run',
          { id: `ended/${txId}`, group: runId(run), body: JSON.stringify({ kind: 'transaction', run, txId }) },
          nowMs,
        ),
      ]
    : [];
