import { BatchGetItemCommand, type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { TransientError } from '../../errors.ts';
import type { Clock, Random } from '../../ports/clock.ts';
import type { Key, Row } from '../../ports/store.ts';
import { toKey, toRow } from '../../ports/store-item.ts';
import { utf8Order } from '../limits/key-order.ts';
import { backOff } from './back-off.ts';
import { DUE_INDEX, type Item, keyItem } from './dynamo-items.ts';

/** Most keys of one BatchGetItem. */
const MAX_KEYS = 100;
/** Of one batch, counted anew when anything came. */
const MAX_TRIES = 6;

interface Table {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** What the index says of a row. It follows the table a moment later. */
interface Entry {
  readonly key: Key;
  readonly at: number;
}

/**
 * Rows of a due list, in order of time, then key. The index only tells where to look: rows are read from the table itself, and those
 * that have been moved, deleted or taken off the list since are left out.
 */
export const readDue = async <T>(table: Table, list: string, until: number, limit: number): Promise<Row<T>[]> => {
  const rows: Row<T>[] = [];
  if (limit === 0) return rows;
  for await (const entries of orderedEntries(table, list, until, limit)) {
    for (let from = 0; from < entries.length && rows.length < limit; ) {
      const some = entries.slice(from, from + Math.min(MAX_KEYS, limit - rows.length));
      from += some.length;
      const found = await batchGet<T>(table, some);
      rows.push(...found.filter(({ row: { due }, at }) => due?.list === list && due.at === at).map(({ row }) => row));
    }
    if (rows.length >= limit) break;
  }
  return rows;
};

/** Entries in order of time, then key. The index orders by time only, so a time is given out once all of it has been read. */
async function* orderedEntries(table: Table, list: string, until: number, limit: number): AsyncGenerator<Entry[]> {
  let from: Item | undefined;
  let held: Entry[] = [];
  do {
    const query = new QueryCommand({
      TableName: table.table,
      IndexName: DUE_INDEX,
      KeyConditionExpression: 'due_list = :list AND due_at <= :until',
      ExpressionAttributeValues: { ':list': { S: list }, ':until': { N: String(until) } },
      // One more than asked for shows whether the last time goes on.
      Limit: limit + 1,
      ExclusiveStartKey: from,
    });
    const { Items = [], LastEvaluatedKey } = await table.client.send(query);
    held.push(...Items.map((item) => ({ key: toKey(item), at: Number(item.due_at?.N) })));
    from = LastEvaluatedKey;
    const unfinishedAt = from ? held.at(-1)?.at : undefined;
    const whole = held.filter(({ at }) => at !== unfinishedAt);
    held = held.filter(({ at }) => at === unfinishedAt);
    if (whole.length > 0) yield whole.toSorted(byTimeThenKey);
  } while (from);
}

const byTimeThenKey = (a: Entry, b: Entry): number =>
  a.at - b.at || utf8Order(a.key.pk, b.key.pk) || utf8Order(a.key.sk, b.key.sk);

/** The rows of entries as they are now, in the order of the entries. */
const batchGet = async <T>(table: Table, entries: readonly Entry[]): Promise<{ row: Row<T>; at: number }[]> => {
  const found = new Map<string, Row<T>>();
  let keys = entries.map(({ key }) => keyItem(key));
  for (let tried = 1; keys.length > 0; tried += 1) {
    const command = new BatchGetItemCommand({ RequestItems: { [table.table]: { Keys: keys, ConsistentRead: true } } });
    const { Responses = {}, UnprocessedKeys = {} } = await table.client.send(command);
    const items = Responses[table.table] ?? [];
    for (const item of items) found.set(nameOf(toKey(item)), toRow<T>(item));
    keys = UnprocessedKeys[table.table]?.Keys ?? [];
    // Where something came, the rest was too large for one answer; where nothing came, the table is busy.
    if (items.length > 0) tried = 0;
    else if (keys.length > 0 && tried >= MAX_TRIES) throw unprocessed(keys.length, tried);
    else if (keys.length > 0) await backOff(table.clock, table.random, tried);
  }
  return entries.flatMap(({ key, at }) => {
    const row = found.get(nameOf(key));
    return row ? [{ row, at }] : [];
  });
};

const nameOf = ({ pk, sk }: Key): string => JSON.stringify([pk, sk]);

const unprocessed = (keys: number, tries: number): TransientError =>
  new TransientError('aws-throttled', `aws did not read ${keys} rows of a due list, asked ${tries} times`, {
    details: { keys, tries },
  });
