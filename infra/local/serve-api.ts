import { type ServerType, serve } from '@hono/node-server';
import { Hono } from 'hono';
import { createApi } from '../../functions/api/app.ts';
import type { ApiDeps } from '../../functions/api/deps.ts';
import { BadInputError, QuorateError, TransientError } from '../../shared/errors.ts';
import type { Faucet } from '../chain/devchain/faucet.ts';
import { DEVNET } from './settings.ts';

export interface ApiServer {
  readonly url: string;
  close(): Promise<void>;
}

/** The API on loopback, and beside it the devnet's faucet. The server stands before the API that it will serve, whose links name its port. */
export const serveApi = async (
  port: number,
  apiDeps: (publicUrl: string) => ApiDeps,
  faucet: Faucet,
): Promise<ApiServer> => {
  const app = new Hono();
  app.post('/faucet', async (context) => {
    const body: unknown = await context.req.json().catch(() => undefined);
    const address = typeof body === 'object' && body !== null && 'address' in body ? body.address : undefined;
    try {
      if (typeof address !== 'string') {
        throw new BadInputError('faucet-address', 'the faucet takes {"address": "..."}', { next: 'send an address' });
      }
      return context.json(await faucet.give(address, DEVNET.faucetUnes));
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      const { code, message, next, details } = error;
      return context.json({ error: { code, message, next, details } }, error.family === 'bad-input' ? 400 : 503);
    }
  });
  const server = await listen(app, port);
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : port}`;
  app.route('/', createApi(apiDeps(url)));
  return {
    url,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
};

const listen = (app: Hono, port: number): Promise<ServerType> =>
  new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, () => resolve(server));
    server.on('error', (cause) =>
      reject(
        new TransientError('api-port', `could not listen on 127.0.0.1:${port}`, {
          next: 'stop what listens there, or give another --port (0: any)',
          cause,
        }),
      ),
    );
  });
