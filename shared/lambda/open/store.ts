import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { openDynamoStore } from '../../adapters/aws/dynamo-store.ts';
import { systemClock as clock, systemRandom as random } from '../../adapters/system/clock.ts';
import type { Metrics } from '../../metrics.ts';
import type { Store } from '../../ports/store.ts';
import { tracedStore } from '../../trace.ts';
import { countedStore } from '../counted-store.ts';
import { invocationTrace } from '../invocation-trace.ts';
import { CLIENT_SETTINGS } from './client-settings.ts';

/** The deployment's table; what is written counts for metrics, and what goes into the outbox carries its trace. */
export const openStore = ({ TABLE_NAME: table }: { readonly TABLE_NAME: string }, metrics: Metrics): Store => {
  const client = new DynamoDBClient(CLIENT_SETTINGS);
  return tracedStore(countedStore(openDynamoStore({ client, table, clock, random }), metrics), invocationTrace);
};
