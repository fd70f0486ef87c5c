import { randomUUID } from 'node:crypto';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
} from '@aws-sdk/client-dynamodb';
import { DUE_INDEX } from '../../shared/adapters/aws/dynamo-items.ts';
import type { Emulator } from './emulators.ts';

/** A table as the data stack makes it, without its stream. */
export const createTable = async (client: DynamoDBClient): Promise<string> => {
  const table = `rows-${randomUUID()}`;
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
        { AttributeName: 'due_list', AttributeType: 'S' },
        { AttributeName: 'due_at', AttributeType: 'N' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: DUE_INDEX,
          KeySchema: [
            { AttributeName: 'due_list', KeyType: 'HASH' },
            { AttributeName: 'due_at', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    }),
  );
  return table;
};

export const deleteTable = async (client: DynamoDBClient, table: string): Promise<void> => {
  await client.send(new DeleteTableCommand({ TableName: table }));
};

export const dynamoClient = ({ clientConfig }: Emulator, config: DynamoDBClientConfig = {}): DynamoDBClient =>
  new DynamoDBClient({ ...clientConfig, ...config });
