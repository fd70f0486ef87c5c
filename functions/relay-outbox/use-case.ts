import type { DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda';
import { isOutboxKey } from '../../shared/outbox.ts';
import type { Row } from '../../shared/ports/store.ts';
import { type StoreItem, toKey, toRow } from '../../shared/ports/store-item.ts';
import { type RelayDeps, relayRows, tellPoison } from '../../shared/relay.ts';

interface Committed {
  readonly row: Row;
  readonly sequenceNumber: string;
}

/**
 * Sends what the records of the table's stream say was put into the outbox. Nothing is read: a record that comes twice sends twice, and
 * one that comes never is left to the sweep, as are bad rows and rows whose time has not come. @returns the records that shall come again
 */
export const relayRecords = async (
  deps: RelayDeps,
  records: readonly DynamoDBRecord[],
): Promise<DynamoDBBatchResponse> => {
  // Of several writes of one row the last one says it all.
  const latest = new Map<string, Committed>();
  for (const record of records) {
    const committed = readRecord(deps, record);
    if (!committed) continue;
    const { pk, sk, version } = committed.row;
    const name = JSON.stringify([pk, sk]);
    if ((latest.get(name)?.row.version ?? 0) <= version) latest.set(name, committed);
  }
  const sequenceNumbers = new Map([...latest.values()].map(({ row, sequenceNumber }) => [row, sequenceNumber]));
  const { failed, poison } = await relayRows(deps, [...sequenceNumbers.keys()]);
  for (const { row, error } of poison) tellPoison(deps.log, row, error);
  return { batchItemFailures: failed.map(({ row }) => ({ itemIdentifier: sequenceNumbers.get(row) ?? '' })) };
};

const readRecord = ({ log, clock }: RelayDeps, { eventName, dynamodb }: DynamoDBRecord): Committed | undefined => {
  if (eventName === 'REMOVE' || !dynamodb?.NewImage) return undefined;
  const item: StoreItem = dynamodb.NewImage;
  if (!isOutboxKey(toKey(item))) return undefined;
  try {
    const row = toRow(item);
    return row.due && row.due.at <= clock.nowMs() ? { row, sequenceNumber: dynamodb.SequenceNumber ?? '' } : undefined;
  } catch (error) {
    tellPoison(log, toKey(item), error);
    return undefined;
  }
};
