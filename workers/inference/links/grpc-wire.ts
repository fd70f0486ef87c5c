import { createHash, timingSafeEqual } from 'node:crypto';
import {
  type ChannelOptions,
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
} from '@grpc/grpc-js';
import { TransientError } from '../../../shared/errors.ts';
import { MAX_FRAME_BYTES } from './frames.ts';
import { WINDOW_BYTES } from './inlet.ts';
import { streamWire, UNAUTHENTICATED } from './stream-wire.ts';
import type { Wire } from './wire.ts';

/** Links between processes: one bidirectional stream of frames each, over gRPC without a schema. */

const PATH = '/quorate.Links/Link';
const TOKEN = 'quorate-token';
const LINK = 'quorate-link';

const OPTIONS: ChannelOptions = {
  'grpc.max_send_message_length': MAX_FRAME_BYTES,
  'grpc.max_receive_message_length': MAX_FRAME_BYTES,
  // As much as the link's own window: with HTTP/2's 64 KiB each of these would wait for an answer.
  'grpc-node.flow_control_window': WINDOW_BYTES,
  // A machine that vanishes closes no connection: it is noticed after 15 s.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.keepalive_permit_without_calls': 1,
};

const DIAL_OPTIONS: ChannelOptions = {
  ...OPTIONS,
  // A broken link is not repaired here: the run is placed again, on links of its own.
  'grpc.enable_retries': 0,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_http_proxy': 0,
};

const asIs = (bytes: Buffer): Buffer => bytes;

const SERVICE = {
  link: {
    path: PATH,
    requestStream: true,
    responseStream: true,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  },
} as const;

export interface DialOptions {
  /** `host:port`. */
  readonly address: string;
  readonly token: string;
  /** Names the link at the other end. */
  readonly link: string;
}

/**
 * Connects a link. The wire opens at once; what is sent meanwhile waits.
 * It closes with `unauthenticated` when the token is not the server's, with `link-broken` when nobody answers.
 */
export const dialLink = ({ address, token, link }: DialOptions): Wire => {
  const client = new Client(address, credentials.createInsecure(), DIAL_OPTIONS);
  const metadata = new Metadata();
  metadata.set(TOKEN, token);
  metadata.set(LINK, link);
  const stream = client.makeBidiStreamRequest<Buffer, Buffer>(PATH, asIs, asIs, metadata);
  const wire = streamWire(stream, (reason) => {
    if (reason) stream.cancel();
    else stream.end();
  });
  stream.on('status', () => client.close());
  return wire;
};

export interface LinkServer {
  /** `host:port`. */
  readonly address: string;
  /** Breaks all links. */
  close(): void;
}

export interface ServeOptions {
  readonly host: string;
  /** Any free port unless given. */
  readonly port?: number;
  readonly token: string;
  /** A link that showed the token. */
  readonly onLink: (link: string, wire: Wire) => void;
}

/** @throws {TransientError} `cannot-listen` */
export const serveLinks = async ({ host, port = 0, token, onLink }: ServeOptions): Promise<LinkServer> => {
  const server = new Server(OPTIONS);
  const expected = digest(token);
  server.addService(SERVICE, {
    link: (call: ServerDuplexStream<Buffer, Buffer>) => {
      const { [TOKEN]: shown, [LINK]: link } = call.metadata.getMap();
      if (typeof link !== 'string' || typeof shown !== 'string' || !timingSafeEqual(digest(shown), expected)) {
        call.emit('error', { code: UNAUTHENTICATED, details: 'a link names itself and shows the token' });
        return;
      }
      onLink(
        link,
        streamWire(call, () => call.end()),
      );
    },
  });
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, found) => {
      if (error) reject(new TransientError('cannot-listen', `cannot listen on ${host}:${port}`, { cause: error }));
      else resolve(found);
    });
  });
  return { address: `${host}:${bound}`, close: () => server.forceShutdown() };
};

/** Of equal length whatever was shown, so that they can be compared in constant time. */
const digest = (token: string): Buffer => createHash('sha256').update(token).digest();
