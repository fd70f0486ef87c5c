import middy from '@middy/core';
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { type RelayDeps, relayDue } from '../../shared/relay.ts';
import { relayRecords } from './use-case.ts';

export type RelayAnswer = DynamoDBBatchResponse & { readonly sent?: number };

/** Fed by the table's stream. Where there is no stream it is woken without records, and sends what the outbox lists. */
export const createHandler = (deps: RelayDeps) =>
  middy(async ({ Records }: Partial<DynamoDBStreamEvent>): Promise<RelayAnswer> => {
    if (Records) return await relayRecords(deps, Records);
    return { sent: await relayDue(deps, deps.clock.nowMs()), batchItemFailures: [] };
  });
