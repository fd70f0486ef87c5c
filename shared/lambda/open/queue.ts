import { SQSClient } from '@aws-sdk/client-sqs';
import { openSqsQueue } from '../../adapters/aws/sqs-queue.ts';
import { systemRandom as random } from '../../adapters/system/clock.ts';
import { queueUrlKey } from '../../env.ts';
import { QUEUES, type QueueName } from '../../messages/queues.ts';
import type { Queue } from '../../ports/queue.ts';
import { CLIENT_SETTINGS } from './client-settings.ts';

/** The queues whose URLs the environment names. */
export const openQueue = (env: object): Queue => {
  const given = env as Readonly<Record<string, string | undefined>>;
  const urls = Object.fromEntries(
    (Object.keys(QUEUES) as QueueName[]).flatMap((name) => {
      const url = given[queueUrlKey(name)];
      return url === undefined ? [] : [[name, url]];
    }),
  );
  return openSqsQueue({ client: new SQSClient(CLIENT_SETTINGS), urls, random });
};
