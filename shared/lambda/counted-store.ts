import type { MetricName, Metrics } from '../metrics.ts';
import type { Store, Write } from '../ports/store.ts';
import { TxRow } from '../rows/transaction.ts';
import { withTransact } from '../with-transact.ts';

/** What a durable write says about how the deployment does. */
const meaning = (write: Write): MetricName | undefined => {
  if (write.kind !== 'put') return undefined;
  const { pk } = write.key;
  if (pk.startsWith('anomalies/')) return 'Anomalies';
  return pk.startsWith('tx/') && isFailure(TxRow.parse(write.body)) ? 'TransactionFailures' : undefined;
};

const isFailure = (row: TxRow): boolean =>
  row.state === 'expired' || row.state === 'refused' || (row.state === 'included' && row.code !== 0);

/** Counts anomalies and failed transactions where they are written, whoever writes them: use cases need not know of metrics. */
export const countedStore = (store: Store, metrics: Metrics): Store =>
  withTransact(store, async (writes) => {
    await store.transact(writes);
    for (const write of writes) {
      const name = meaning(write);
      if (name) metrics.count(name, 1);
    }
  });
