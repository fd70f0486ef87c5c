import { z } from 'zod';
import { QuorateError } from '../../errors.ts';
import { Models } from '../answers.ts';
import type { Session } from './command.ts';
import type { Io } from './io.ts';
import { openWallet, walletPath } from './wallet.ts';

export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly found: string;
  readonly next?: string;
}

const NODE_MAJOR = 24;
const MAX_SKEW_MS = 60_000;
const MIN_FREE_BYTES = 512 * 1024 * 1024;

const Health = z.looseObject({
  status: z.string(),
  reasons: z.array(z.string()),
  chain: z.looseObject({ chainId: z.string() }),
  endpoints: z
    .array(
      z.looseObject({
        name: z.string(),
        state: z.string(),
        height: z.int(),
        lastError: z.string().nullable(),
        restedUntilMs: z.number().nullable(),
      }),
    )
    .default([]),
});

type Look = () => Promise<Omit<Finding, 'what'>>;
const good = (found: string) => ({ ok: true, found });
const bad = (found: string, next: string) => ({ ok: false, found, next });

/** A look that throws has found something too. */
const settle = async (what: string, look: Look): Promise<Finding> => {
  try {
    return { what, ...(await look()) };
  } catch (error) {
    const found = error instanceof Error ? error.message : 'unknown error';
    return { what, ok: false, found, ...(error instanceof QuorateError && error.next && { next: error.next }) };
  }
};

const lookAtNode =
  (io: Io): Look =>
  async () => {
    const major = Number(io.nodeVersion.split('.')[0]);
    if (major >= NODE_MAJOR) return good(`Node ${io.nodeVersion}`);
    return bad(
      `Node ${io.nodeVersion}, ${NODE_MAJOR} or later is needed`,
      "Start it as 'npx quorate' or 'npm run quorate --'.",
    );
  };

const lookAtDisk =
  (io: Io, folder: string): Look =>
  async () => {
    const free = await io.freeBytes(io.exists(folder) ? folder : io.cwd);
    const text = `${Math.floor(free / 1024 / 1024)} MiB free`;
    return free >= MIN_FREE_BYTES ? good(text) : bad(text, 'Free at least 512 MiB, else blobs and chain cannot grow.');
  };

const health = async (io: Io, { config, api }: Session): Promise<z.infer<typeof Health>> => {
  // An unhealthy API answers 503 with the same body: what it says is wanted here.
  const response = await io.fetch(`${config.apiUrl.replace(/\/+$/, '')}/v1/health`).catch(() => undefined);
  const body = Health.safeParse(await response?.json().catch(() => undefined));
  return body.success ? body.data : api.json('/v1/health', Health);
};

const lookAtApi =
  (io: Io, session: Session): Look =>
  async () => {
    const { status, reasons } = await health(io, session);
    if (status === 'ok') return good(`${session.config.apiUrl} is healthy`);
    return bad(`${session.config.apiUrl} says: ${reasons.join('; ')}`, 'See the log of the deployment.');
  };

/** The endpoints of the deployment's own watcher, as it finds them. */
const lookAtEndpoints =
  (io: Io, session: Session): Look =>
  async () => {
    const { endpoints } = await health(io, session);
    const text = endpoints.map(({ name, state, height, lastError, restedUntilMs }) => {
      if (state === 'ready') return `${name} ready at ${height}`;
      const restMs = Math.max(0, (restedUntilMs ?? 0) - io.clock.nowMs());
      return `${name} ${state} at ${height}, asked again in ${Math.ceil(restMs / 1000)} s: ${lastError ?? 'no reason'}`;
    });
    if (endpoints.length === 0) return good('not told apart by this deployment');
    if (endpoints.every(({ state }) => state === 'ready')) return good(text.join('; '));
    return bad(text.join('; '), 'Mend the endpoint or replace it; the deployment goes on with the others.');
  };

const lookAtRpc =
  (io: Io, session: Session): Look =>
  async () => {
    const { config } = session;
    const { chainId } = await session.access.chain();
    const said = await health(io, session).then(
      (h) => h.chain.chainId,
      () => undefined,
    );
    const expected = config.chainId ?? said;
    if (expected === undefined || expected === chainId) return good(`${config.rpcUrl} is on chain ${chainId}`);
    return bad(
      `${config.rpcUrl} is on chain ${chainId}, ${expected} is expected`,
      'Give the RPC of the same chain as the API.',
    );
  };

const lookAtContract =
  ({ access, config }: Session): Look =>
  async () => {
    const { bondsUnes, poolUnes } = await (await access.chain()).totals();
    return good(`${config.contract}: ${bondsUnes} bonded, ${poolUnes} in the pool`);
  };

const lookAtWallet =
  (io: Io, { access, config }: Session): Look =>
  async () => {
    if (!io.exists(walletPath(config))) return good("none yet: 'quorate ask' makes one");
    const { address } = await openWallet(io, config);
    const balance = await (await access.chain()).balanceUnes(address);
    if (balance > 0n || config.faucetUrl) return good(`${address} holds ${balance} ${config.denom}`);
    return bad(`${address} is empty`, `Send ${config.denom} to ${address}.`);
  };

const lookAtClock =
  (io: Io, { access }: Session): Look =>
  async () => {
    const { height, timeMs } = await (await access.chain()).head();
    const skewMs = io.clock.nowMs() - timeMs;
    const text = `block ${height} is ${(skewMs / 1000).toFixed(1)} s ${skewMs < 0 ? 'ahead' : 'old'}`;
    if (Math.abs(skewMs) <= MAX_SKEW_MS) return good(text);
    return bad(
      text,
      skewMs < 0
        ? "Set this machine's clock."
        : "The chain stands still, its node lags, or this machine's clock is wrong.",
    );
  };

const lookAtModels =
  ({ api }: Session): Look =>
  async () => {
    const { models } = await api.json('/v1/models?limit=100', Models);
    const usable = models.filter(({ installed, withdrawn }) => installed && !withdrawn);
    const names = usable.map(({ name }) => name ?? 'unnamed').join(', ');
    if (usable.length > 0) return good(`${usable.length} of ${models.length} installed: ${names}`);
    return bad(`none of ${models.length} is installed here`, 'Install a model at the deployment, or use another one.');
  };

/** Everything that a query needs, one finding each. What needs a configuration is left out when there is none. */
export const examine = async (io: Io, open: () => Promise<Session>): Promise<Finding[]> => {
  const session = await open().catch((error: unknown) => error);
  const home = session instanceof Error ? io.cwd : (session as Session).config.home;
  const always = [settle('node', lookAtNode(io)), settle('disk', lookAtDisk(io, home))];
  if (session instanceof Error) {
    const failed = settle('config', () => Promise.reject(session));
    return Promise.all([...always, failed]);
  }
  const s = session as Session;
  return Promise.all([
    ...always,
    settle('api', lookAtApi(io, s)),
    settle('endpoints', lookAtEndpoints(io, s)),
    settle('rpc', lookAtRpc(io, s)),
    settle('contract', lookAtContract(s)),
    settle('wallet', lookAtWallet(io, s)),
    settle('clock', lookAtClock(io, s)),
    settle('models', lookAtModels(s)),
  ]);
};
