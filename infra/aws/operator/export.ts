import { createWriteStream, mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { ScanCommand, type ScanCommandOutput } from '@aws-sdk/client-dynamodb';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { toRow } from '../../../shared/ports/store-item.ts';
import { clients, type Operation } from './operation.ts';

export interface Exported {
  readonly rows: number;
  readonly blobs: number;
  readonly blobBytes: number;
}

/**
 * All that a deployment keeps, without its keys: `rows.jsonl`, one row a line as the Store knows it, and `blobs/HASH`. Each blob is
 * checked against its hash. What is written meanwhile may be in it or not.
 */
export const exportAll = async (operation: Operation, folder: string): Promise<Exported> => {
  mkdirSync(join(folder, 'blobs'), { recursive: true });
  const rows = await exportRows(operation, join(folder, 'rows.jsonl'));
  return { rows, ...(await exportBlobs(operation, join(folder, 'blobs'))) };
};

const exportRows = async (operation: Operation, path: string): Promise<number> => {
  const client = clients.dynamo(operation.aws);
  const TableName = await operation.output('data', 'TableName');
  const file = createWriteStream(path);
  let count = 0;
  let from: ScanCommandOutput['LastEvaluatedKey'];
  do {
    const scan = new ScanCommand({ TableName, ConsistentRead: true, ExclusiveStartKey: from });
    const { Items = [], LastEvaluatedKey }: ScanCommandOutput = await client.send(scan);
    for (const item of Items) file.write(`${JSON.stringify(toRow(item))}\n`);
    count += Items.length;
    from = LastEvaluatedKey;
  } while (from);
  file.end();
  await finished(file);
  return count;
};

const exportBlobs = async (operation: Operation, folder: string): Promise<Omit<Exported, 'rows'>> => {
  const client = clients.s3(operation.aws);
  const Bucket = await operation.output('data', 'BlobsBucket');
  const blobs = await operation.blobs();
  let [count, blobBytes] = [0, 0];
  let ContinuationToken: string | undefined;
  do {
    const page = await client.send(new ListObjectsV2Command({ Bucket, ContinuationToken }));
    for (const { Key = '' } of page.Contents ?? []) {
      const bytes = await blobs.get(Key);
      await writeFile(join(folder, Key), bytes);
      count += 1;
      blobBytes += bytes.length;
    }
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  return { blobs: count, blobBytes };
};
