import {
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  type EventSourceMappingConfiguration,
  LambdaClient,
  ListEventSourceMappingsCommand,
} from '@aws-sdk/client-lambda';
import { GetQueueAttributesCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { CloudDeployment } from '../deployment.ts';
import { type Cloud, until } from '../harness.ts';
import type { CallFault } from '../proxy/counting-proxy.ts';

/** Every message that a function or worker sends is sent twice. On FIFO queues under another deduplication id, else SQS drops it. */
export const sendTwice: CallFault = async ({ service, operation }, { body }, forward) => {
  const answer = await forward();
  if (service !== 'sqs' || !operation.startsWith('SendMessage')) return answer;
  const again = body.toString().replaceAll(/("MessageDeduplicationId":")([^"]{1,100})[^"]*"/g, '$1again-$2"');
  await forward(Buffer.from(again));
  return answer;
};

const uuidOf = ({ UUID = '' }: EventSourceMappingConfiguration): string => UUID;

/** Cuts relay-outbox off the table's stream: records of that time reach nobody. @returns joins it again, for new records */
export const cutStream = async ({ emulator }: Cloud, { config }: CloudDeployment): Promise<() => Promise<void>> => {
  const lambda = new LambdaClient(emulator.clientConfig);
  const FunctionName = `${config.name}-relay-outbox`;
  const list = async () =>
    (await lambda.send(new ListEventSourceMappingsCommand({ FunctionName }))).EventSourceMappings ?? [];
  const [mapping] = await list();
  if (!mapping) throw new Error(`${FunctionName} has no event source`);
  await lambda.send(new DeleteEventSourceMappingCommand({ UUID: uuidOf(mapping) }));
  await until('the mapping is gone', async () => ((await list()).length === 0 ? true : undefined));
  return async () => {
    const { EventSourceArn, BatchSize, FilterCriteria, FunctionResponseTypes } = mapping;
    await lambda.send(
      new CreateEventSourceMappingCommand({
        FunctionName,
        EventSourceArn,
        BatchSize,
        FilterCriteria,
        FunctionResponseTypes,
        StartingPosition: 'LATEST',
      }),
    );
  };
};

/** So that a test need not wait a minute and a half for the last of eight deliveries. */
export const dieAfter = async ({ emulator }: Cloud, QueueUrl: string, maxReceiveCount: number): Promise<void> => {
  const sqs = new SQSClient(emulator.clientConfig);
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['RedrivePolicy'] }));
  const policy: Record<string, unknown> = JSON.parse(Attributes?.RedrivePolicy ?? '{}');
  const RedrivePolicy = JSON.stringify({ ...policy, maxReceiveCount });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { RedrivePolicy } }));
};
