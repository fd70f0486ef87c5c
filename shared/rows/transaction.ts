import { z } from 'zod';

/** Rows of transactions are those of the lanes that send them. */
export { type Ended, OPEN_TRANSACTIONS, TX_SWEEP_MS, TxIntent, TxRow, txKey } from '../chain/lanes/rows.ts';

/** Queue `send-transaction`. */
export const SendTransactionMessage = z.strictObject({ txId: z.string().min(1) });
