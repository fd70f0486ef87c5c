// A worker thread of sqlite.test.ts: adds one to a row so many times, with its own connection.
import { workerData } from 'node:worker_threads';
import { ConditionFailedError } from '../../../ports/store-errors.ts';
import { openSqliteStore } from '../sqlite-store.ts';

const { path, times } = workerData as { path: string; times: number };
const key = { pk: 'p', sk: 'sum' };
const store = openSqliteStore(path);
for (let done = 0; done < times; ) {
  const row = await store.get<number>(key);
  try {
    const expect = row ? { version: row.version } : 'absent';
    await store.transact([{ kind: 'put', key, body: (row?.body ?? 0) + 1, expect }]);
    done += 1;
  } catch (error) {
    if (!(error instanceof ConditionFailedError)) throw error;
  }
}
store.close();
