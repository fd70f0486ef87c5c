import type { CountedCall } from '../../cloud/proxy/counting-proxy.ts';

export interface SentMessage {
  /** Without the deployment's name. */
  readonly queue: string;
  readonly body: unknown;
  readonly atMs: number;
}

interface SendRequest {
  readonly QueueUrl?: string;
  readonly MessageBody?: string;
  readonly Entries?: readonly { readonly MessageBody: string }[];
}

/** Messages that a call to SQS sends, at the time at which it was made. */
export const sentMessages = (deployment: string, { service, operation, passing, atMs }: CountedCall): SentMessage[] => {
  if (service !== 'sqs' || !operation.startsWith('SendMessage')) return [];
  const request: SendRequest = JSON.parse(passing.body.toString());
  const queue = (request.QueueUrl?.split('/').at(-1) ?? '').replace(`${deployment}-`, '').replace('.fifo', '');
  const bodies = request.Entries?.map(({ MessageBody }) => MessageBody) ?? [request.MessageBody ?? '{}'];
  return bodies.map((body) => ({ queue, body: JSON.parse(body), atMs }));
};

interface NamesQuery {
  readonly query?: { readonly queryId: number };
  readonly run?: { readonly queryId: number };
}

export const queryIdOf = ({ body }: SentMessage): number | undefined => {
  const { query, run } = body as NamesQuery;
  return query?.queryId ?? run?.queryId;
};
