import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Passing {
  readonly method: string;
  /** Path and query, as it came. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Sends a request on as it is, but for what is said otherwise. */
export type Forward = (to: string, changed?: Partial<Pick<Passing, 'path' | 'body'>>) => Promise<Answer>;

/** @returns what the caller gets, or undefined for a connection that breaks */
export type Rule = (passing: Passing, forward: Forward) => Promise<Answer | undefined>;

export interface ReverseProxy {
  readonly url: string;
  close(): Promise<void>;
}

/** An HTTP proxy on loopback that a test puts before something, to count, to change or to break what passes. */
export const startReverseProxy = async (rule: Rule, port = 0): Promise<ReverseProxy> => {
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, response) => {
    void pass(rule, agent, incoming, response);
  });
  await new Promise<void>((resolve, reject) => server.on('error', reject).listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
};

const pass = async (rule: Rule, agent: Agent, incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
  try {
    const { method = 'GET', url: path = '/', headers } = incoming;
    const passing: Passing = { method, path, headers, body: await bytesOf(incoming) };
    const answer = await rule(passing, (to, changed) => forward(agent, to, { ...passing, ...changed }));
    if (!answer) {
      incoming.socket.destroy();
      return;
    }
    // The bytes are all here: their length is said, however they came.
    const { 'transfer-encoding': _chunked, connection: _hop, ...kept } = answer.headers;
    response.writeHead(answer.status, { ...kept, ...(method !== 'HEAD' && { 'content-length': answer.body.length }) });
    response.end(answer.body);
  } catch (error) {
    // Who is behind does not answer: neither does this. Anything else is a fault of the test's own.
    if (!(error instanceof Error && 'code' in error)) process.stderr.write(`a rule of the proxy failed: ${error}\n`);
    incoming.socket.destroy();
  }
};

const forward = (agent: Agent, to: string, { method, path, headers, body }: Passing): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { host: _host, 'transfer-encoding': _chunked, connection: _hop, ...kept } = headers;
    const { hostname, port, pathname } = new URL(to);
    const outgoing = request({
      agent,
      hostname,
      port,
      method,
      path: pathname.replace(/\/$/, '') + path,
      headers: { ...kept, host: headers.host ?? `${hostname}:${port}`, 'content-length': body.length },
    });
    outgoing.on('error', reject);
    outgoing.on('response', (answer) => {
      bytesOf(answer).then(
        (bytes) => resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: bytes }),
        reject,
      );
    });
    outgoing.end(body);
  });

const bytesOf = async (message: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};
