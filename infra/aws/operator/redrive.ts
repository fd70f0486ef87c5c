import { openSqsQueue } from '../../../shared/adapters/aws/sqs-queue.ts';
import { systemRandom } from '../../../shared/adapters/system/clock.ts';
import { BadInputError } from '../../../shared/errors.ts';
import { QUEUES, type QueueName } from '../../../shared/messages/queues.ts';
import { clients, type Operation } from './operation.ts';

const isQueue = (name: string): name is QueueName => Object.hasOwn(QUEUES, name);

/**
 * Sends a queue's dead letters again. Every handler takes an old message without harm.
 * @returns how many
 * @throws {BadInputError} `unknown-queue`
 */
export const redrive = async (operation: Operation, name: string): Promise<number> => {
  if (!isQueue(name)) {
    throw new BadInputError('unknown-queue', `no queue ${name}: there are ${Object.keys(QUEUES).join(', ')}`);
  }
  const url = await operation.output('control', queueOutput(name));
  const queue = openSqsQueue({ client: clients.sqs(operation.aws), urls: { [name]: url }, random: systemRandom });
  return await queue.redrive(name);
};

/** Outputs have letters and digits only. */
const queueOutput = (name: QueueName): string => `QueueUrl${name.replaceAll('-', '')}`;
