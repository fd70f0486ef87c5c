import {
  type DynamoDBClient,
  type DynamoDBClientConfig,
  type ServiceOutputTypes,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html */
const DEFAULT_MAX_ATTEMPTS = 3;

type Answer = { readonly response: unknown; output: ServiceOutputTypes };

/** One attempt of one command: the SDK's own retries come through here again, with the same input. */
export type Attempt = (command: string, send: () => Promise<Answer>, input: object) => Promise<Answer>;

/** Puts `attempt` between the client's retries and the network. */
export const around = (client: DynamoDBClient, attempt: Attempt): void => {
  client.middlewareStack.add(
    (next, context) => (args) => attempt(String(context.commandName), () => next(args), args.input),
    {
      step: 'finalizeRequest',
      priority: 'low',
      name: 'aroundAttempt',
    },
  );
};

type Retries = Exclude<NonNullable<DynamoDBClientConfig['retryStrategy']>, { retry: unknown }>;

/** The SDK's own retries as to what and how often, without its waits. */
export const eagerRetries = (): Retries => {
  const token = (count: number) => ({ getRetryCount: () => count, getRetryDelay: () => 0 });
  return {
    acquireInitialRetryToken: async () => token(0),
    refreshRetryTokenForRetry: async (last, { errorType }) => {
      if (errorType === 'CLIENT_ERROR' || last.getRetryCount() + 1 >= DEFAULT_MAX_ATTEMPTS) throw new Error('no retry');
      return token(last.getRetryCount() + 1);
    },
    recordSuccess: () => undefined,
  };
};

/** One request after the other, over all clients that share it: for a server that does not keep them apart. */
export const oneAtATime = (): Attempt => {
  let last: Promise<unknown> = Promise.resolve();
  return (_command, send) => {
    const sent = last.then(send, send);
    last = sent;
    return sent;
  };
};

/** As Node's sockets say that a connection ended before the answer. */
export const connectionLost = (): Error => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });

const $metadata = { httpStatusCode: 400 };

export const throttled = (): Error =>
  Object.assign(new Error('slow down'), { name: 'ThrottlingException', $fault: 'client', $metadata: { ...$metadata } });

export const transactionConflict = (): Error =>
  new TransactionConflictException({ message: 'in a transaction', $metadata: { ...$metadata } });

/** A cancelled transaction with these reasons. */
export const cancelled = (...codes: readonly string[]): Error =>
  new TransactionCanceledException({
    message: 'cancelled',
    $metadata: { ...$metadata },
    CancellationReasons: codes.map((Code) => ({ Code })),
  });
