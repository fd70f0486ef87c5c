import { driveIntent } from '../../shared/chain/lanes/drive.ts';
import { runId } from '../../shared/messages/ids.ts';
import { outboxWrite } from '../../shared/outbox.ts';
import type { Write } from '../../shared/ports/store.ts';
import type { Ended } from '../../shared/rows/transaction.ts';
import type { SendDeps } from './deps.ts';

/**
 * Brings one transaction to its end (promise P10); others that wait for the same lane go along, and their messages find them ended.
 * @throws {TransientError} the message comes again
 */
export const sendTransaction = (deps: SendDeps, txId: string): Promise<void> =>
  driveIntent({ ...deps, onEnded: tellRun }, txId);

/**
 * Tells the run that its transaction ended without effect, in the transaction that ends it. Of one that had an effect the contract's own
 * event tells, to every run of the query at once.
 */
const tellRun = (row: Ended, nowMs: number): Write[] => {
  const { run, txId } = row.intent;
  const tookEffect = row.state === 'included' && row.code === 0;
  return run && !tookEffect
    ? [
        outboxWrite(
          'advance-run',
          { id: `ended/${txId}`, group: runId(run), body: JSON.stringify({ kind: 'transaction', run, txId }) },
          nowMs,
        ),
      ]
    : [];
};
