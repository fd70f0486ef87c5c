import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { InvariantError } from '../../errors.ts';
import { QUEUES, type QueueName } from '../../messages/queues.ts';
import type { Random } from '../../ports/clock.ts';
import type { OutgoingMessage, Queue, QueueDepth, ReceivedMessage } from '../../ports/queue.ts';
import { checkReceiveMax, checkRetryDelay, checkSend, MAX_RECEIVE } from '../limits/queue-limits.ts';
import { awsErrorName, fromAws } from './aws-errors.ts';
import { fromSqs, sendAll } from './sqs-messages.ts';

export interface SqsQueueOptions {
  readonly client: SQSClient;
  /** Of the queues that this composition uses. Each one's dead letters lie in `<name>-dead`, `<name>-dead.fifo` if it is FIFO. */
  readonly urls: { readonly [name in QueueName]?: string };
  /** For deduplication ids. */
  readonly random: Random;
}

/** A looker-on hides dead letters from the next one for no longer than this, should it die before it gives them back. */
const PEEK_SECONDS = 10;
/** Within this time a redriven dead letter is sent and deleted; else it may be sent again. */
const REDRIVE_SECONDS = 60;
/** A long poll asks all of SQS's servers; a short one only some, and may find nothing where there is something. */
const DEAD_WAIT_SECONDS = 1;

/**
 * What SQS says of a receipt whose time is over or that was never its own. There is no other parameter in these calls that could be
 * wrong, so "invalid parameter" means the receipt too: a FIFO queue says it of an expired one.
 */
const STALE = new Set([
  'ReceiptHandleIsInvalid',
  'MessageNotInflight',
  'InvalidIdFormat',
  'InvalidParameterValue',
  'InvalidParameterValueException',
]);

type Count = Omit<QueueDepth, 'dead'>;

const sum = ({ visible, inFlight, delayed }: Count): number => visible + inFlight + delayed;

const seconds = (ms: number): number => Math.ceil(ms / 1_000);

const deadUrlOf = (url: string): string =>
  url.endsWith('.fifo') ? `${url.slice(0, -'.fifo'.length)}-dead.fifo` : `${url}-dead`;

class SqsQueue implements Queue {
  readonly #client: SQSClient;
  readonly #urls: SqsQueueOptions['urls'];
  readonly #random: Random;

  constructor({ client, urls, random }: SqsQueueOptions) {
    this.#client = client;
    this.#urls = urls;
    this.#random = random;
  }

  async send(queue: QueueName, messages: readonly OutgoingMessage[]): Promise<void> {
    checkSend(queue, messages);
    await sendAll(this.#client, this.#url(queue), messages, QUEUES[queue].fifo ? this.#random : undefined);
  }

  async receive(queue: QueueName, max: number): Promise<ReceivedMessage[]> {
    checkReceiveMax(max);
    return (await this.#take(this.#url(queue), max)).map(fromSqs);
  }

  async ack(queue: QueueName, receipt: string): Promise<void> {
    const url = this.#url(queue);
    await this.#unlessStale(receipt, 'delete a message', () =>
      this.#client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: receipt })),
    );
  }

  async retry(queue: QueueName, receipt: string, delayMs: number): Promise<void> {
    await this.hide(queue, receipt, delayMs);
  }

  async hide(queue: QueueName, receipt: string, hideMs: number): Promise<void> {
    checkRetryDelay(hideMs);
    const change = { QueueUrl: this.#url(queue), ReceiptHandle: receipt, VisibilityTimeout: seconds(hideMs) };
    await this.#unlessStale(receipt, 'change the visibility of a message', () =>
      this.#client.send(new ChangeMessageVisibilityCommand(change)),
    );
  }

  async depth(queue: QueueName): Promise<QueueDepth> {
    const url = this.#url(queue);
    const [live, dead] = await Promise.all([this.#count(url), this.#count(deadUrlOf(url))]);
    return { ...live, dead: sum(dead) };
  }

  async deadLetters(queue: QueueName, limit: number): Promise<ReceivedMessage[]> {
    checkReceiveMax(limit);
    const url = deadUrlOf(this.#url(queue));
    const most = Math.min(limit, sum(await this.#count(url)));
    const found: Message[] = [];
    try {
      while (found.length < most) {
        const some = await this.#take(url, most - found.length, PEEK_SECONDS);
        if (some.length === 0) break;
        found.push(...some);
      }
    } finally {
      await this.#inTens(found, 'give back dead letters', (tens) => {
        const Entries = tens.map((entry) => ({ ...entry, VisibilityTimeout: 0 }));
        return this.#client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries }));
      });
    }
    return found.map((message) => ({ ...fromSqs(message), receipt: '' }));
  }

  /**
   * Receives, sends and deletes, at most as many as SQS's estimate says at the beginning, so that what dies anew meanwhile does not go
   * round for ever. Not by StartMessageMoveTask: that ends some time later, tells no count when asked to begin, and no emulator has it.
   * A crash between send and delete sends a message twice.
   */
  async redrive(queue: QueueName): Promise<number> {
    const url = deadUrlOf(this.#url(queue));
    let left = sum(await this.#count(url));
    let sent = 0;
    while (left > 0) {
      const some = await this.#take(url, left, REDRIVE_SECONDS);
      if (some.length === 0) break;
      const again = some.map((message) => {
        const { id, group, body, trace } = fromSqs(message);
        return { id, group, body, ...(trace !== undefined && { trace }) };
      });
      await this.send(queue, again);
      await this.#inTens(some, 'delete redriven dead letters', (Entries) =>
        this.#client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries })),
      );
      left -= some.length;
      sent += some.length;
    }
    return sent;
  }

  #url(queue: QueueName): string {
    const url = this.#urls[queue];
    if (url !== undefined) return url;
    throw new InvariantError('unknown-queue', `queue ${queue} is not among those given to this composition`, {
      next: "Name the queue in the function's environment (config.ts beside its handler).",
    });
  }

  /** @param visibilitySeconds of dead letters; without it the queue's own time-out and waiting time hold */
  async #take(url: string, max: number, visibilitySeconds?: number): Promise<Message[]> {
    const request = {
      QueueUrl: url,
      MaxNumberOfMessages: Math.min(max, MAX_RECEIVE),
      MessageSystemAttributeNames: ['All' as const],
      MessageAttributeNames: ['All'],
      ...(visibilitySeconds !== undefined && {
        VisibilityTimeout: visibilitySeconds,
        WaitTimeSeconds: DEAD_WAIT_SECONDS,
      }),
    };
    const { Messages } = await this.#call('receive messages', () =>
      this.#client.send(new ReceiveMessageCommand(request)),
    );
    return Messages ?? [];
  }

  async #count(url: string): Promise<Count> {
    const names = [
      'ApproximateNumberOfMessages',
      'ApproximateNumberOfMessagesNotVisible',
      'ApproximateNumberOfMessagesDelayed',
    ] as const;
    const { Attributes = {} } = await this.#call('count messages', () =>
      this.#client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...names] })),
    );
    const [visible, inFlight, delayed] = names.map((name) => Number(Attributes[name] ?? 0));
    return { visible: visible ?? 0, inFlight: inFlight ?? 0, delayed: delayed ?? 0 };
  }

  /** A batch's single refusals are stale receipts: what they named comes back by itself. */
  async #inTens(
    messages: readonly Message[],
    what: string,
    request: (entries: { Id: string; ReceiptHandle: string | undefined }[]) => Promise<unknown>,
  ): Promise<void> {
    for (let at = 0; at < messages.length; at += 10) {
      const tens = messages.slice(at, at + 10);
      const entries = tens.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
      await this.#call(what, () => request(entries));
    }
  }

  async #unlessStale(receipt: string, what: string, request: () => Promise<unknown>): Promise<void> {
    if (receipt === '') return;
    await this.#call(what, () =>
      request().catch((error: unknown) => {
        if (!STALE.has(awsErrorName(error))) throw error;
      }),
    );
  }

  async #call<T>(what: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      throw fromAws(error, what);
    }
  }
}

/**
 * Queues of SQS, as in {@link Queue}: FIFO where {@link QUEUES} says so, standard with groups ("fair") else. Times are rounded up to
 * whole seconds. Visibility time-out, waiting time (long polls) and maximum receives are attributes of the queue itself.
 */
export const openSqsQueue = (options: SqsQueueOptions): Queue => new SqsQueue(options);
