import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { QUEUES, type QueueName } from '../../../shared/messages/queues.ts';

/** When somebody is told. `oldestSeconds`: age of the oldest message that waits. */
export interface QueueAlarms {
  readonly oldestSeconds: number;
}

export interface WorkQueueProps {
  /** Of the deployment; the queue is `<deployment>-<name>`, its dead letters `<deployment>-<name>-dead`. */
  readonly deployment: string;
  readonly name: QueueName;
  /** Must be said. */
  readonly alarms: QueueAlarms | 'none';
}

/**
 * A queue of `shared/messages/queues.ts` with its dead letters. Standard queues are fair by their messages' group id; a FIFO queue
 * keeps order inside a group.
 */
export class WorkQueue extends Construct {
  readonly name: QueueName;
  readonly queue: Queue;
  readonly dead: Queue;
  readonly alarms: QueueAlarms | 'none';

  constructor(scope: Construct, { deployment, name, alarms }: WorkQueueProps) {
    super(scope, `queue-${name}`);
    const { fifo, visibilityMs, maxReceives } = QUEUES[name];
    const suffix = fifo ? '.fifo' : '';
    this.name = name;
    this.alarms = alarms;
    this.dead = deadLetters(this, `${deployment}-${name}-dead${suffix}`, fifo);
    this.queue = new Queue(this, 'queue', {
      queueName: `${deployment}-${name}${suffix}`,
      ...(fifo ? { fifo } : {}),
      visibilityTimeout: Duration.millis(visibilityMs),
      retentionPeriod: Duration.days(4),
      receiveMessageWaitTime: Duration.seconds(20),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      deadLetterQueue: { queue: this.dead, maxReceiveCount: maxReceives },
    });
  }
}

/** Retention counts from the first sending, so it is longer here than anywhere before. */
export const deadLetters = (scope: Construct, queueName: string, fifo = false): Queue =>
  new Queue(scope, 'dead', {
    queueName,
    ...(fifo ? { fifo } : {}),
    retentionPeriod: Duration.days(14),
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
  });
