import { randomUUID } from 'node:crypto';
import { CreateQueueCommand, DeleteQueueCommand, GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { QUEUES, type QueueName } from '../../../shared/messages/queues.ts';

export interface SqsQueues {
  readonly urls: { readonly [name in QueueName]?: string };
  close(): Promise<void>;
}

/** Makes queues of a name of their own with dead letters, as the CDK app lays them out. */
export const makeQueues = async (
  client: SQSClient,
  names: readonly QueueName[],
  { visibilitySeconds, maxReceives }: { readonly visibilitySeconds: number; readonly maxReceives: number },
): Promise<SqsQueues> => {
  const deployment = `t${randomUUID().slice(0, 8)}`;
  const made: string[] = [];
  const make = async (base: string, fifo: boolean, attributes: Record<string, string>): Promise<string> => {
    const { QueueUrl = '' } = await client.send(
      new CreateQueueCommand({
        QueueName: `${base}${fifo ? '.fifo' : ''}`,
        Attributes: { ...attributes, ...(fifo && { FifoQueue: 'true' }) },
      }),
    );
    made.push(QueueUrl);
    return QueueUrl;
  };
  const urls: { [name in QueueName]?: string } = {};
  for (const name of names) {
    const { fifo } = QUEUES[name];
    const dead = await make(`${deployment}-${name}-dead`, fifo, {});
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: dead, AttributeNames: ['QueueArn'] }),
    );
    urls[name] = await make(`${deployment}-${name}`, fifo, {
      VisibilityTimeout: String(visibilitySeconds),
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount: maxReceives }),
    });
  }
  return {
    urls,
    close: async () => {
      await Promise.all(made.map((QueueUrl) => client.send(new DeleteQueueCommand({ QueueUrl }))));
    },
  };
};
