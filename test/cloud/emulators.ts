import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../infra/chain/wasmd/ports.ts';
import { systemClock } from '../../shared/adapters/system/clock.ts';
import { TransientError } from '../../shared/errors.ts';
import { ensureEmulators } from './emulator-venv.ts';

/** Both emulators know one account and take any key. */
const REGION = 'us-east-1';
const KEY = 'test';
/** Functions run on the `node` that the emulator finds first: the locked one. */
const NODE_BIN = fileURLToPath(new URL('../../node_modules/node/bin', import.meta.url));
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 5_000;

export interface EmulatorOptions {
  /** Added to the emulator's environment, which every function inherits. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its home, temporary files and log; kept. Without it, a folder that goes away with the emulator. */
  readonly dataDir?: string;
  /** Only where a restart has to be found at the old address: nobody holds the port in between. */
  readonly port?: number;
  /** Address of loopback to listen on, for who puts something before it on the same port of another. Default 127.0.0.1. */
  readonly host?: string;
}

export interface Emulator {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  readonly port: number;
  /** What every SDK client is made with; S3's takes path style by itself, since the host is an address. */
  readonly clientConfig: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** The same for a child process: `AWS_ENDPOINT_URL` and what the SDK and the CDK's CLI need. */
  readonly env: Readonly<Record<string, string>>;
  readonly dataDir: string;
  /** Everything it wrote. */
  log(): string;
  /** Forgets all resources, and ends the workers of functions. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

interface Program {
  readonly name: string;
  args(host: string, port: number): readonly string[];
  env(endpoint: string, host: string, port: number): Readonly<Record<string, string>>;
  readonly healthPath: string;
  readonly resetPath: string;
}

const clientEnv = (endpoint: string): Readonly<Record<string, string>> => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_ACCESS_KEY_ID: KEY,
  AWS_SECRET_ACCESS_KEY: KEY,
  AWS_DEFAULT_REGION: REGION,
});

const MINISTACK: Program = {
  name: 'ministack',
  args: () => ['-m', 'ministack'],
  env: (endpoint, host, port) => ({
    ...clientEnv(endpoint),
    // The defaults listen on every address of the machine.
    BIND_HOST: host,
    IOT_MTLS_ENABLED: '0',
    MINISTACK_HOST: 'localhost',
    GATEWAY_PORT: String(port),
    LAMBDA_EXECUTOR: 'local',
    // Without a cap, a burst of 100 makes 100 processes.
    LAMBDA_ACCOUNT_CONCURRENCY: '12',
    LAMBDA_WARM_TTL_SECONDS: '30',
  }),
  healthPath: '/_ministack/health',
  resetPath: '/_ministack/reset',
};

const MOTO: Program = {
  name: 'moto',
  args: (host, port) => ['-m', 'moto.server', '-H', host, '-p', String(port)],
  env: clientEnv,
  healthPath: '/moto-api/data.json',
  resetPath: '/moto-api/reset',
};

/** ministack on loopback: runs functions too, in processes of their own. @throws as {@link ensureEmulators}, and `emulator-start` */
export const startMinistack = (options: EmulatorOptions = {}): Promise<Emulator> => start(MINISTACK, options);

/** moto's server on loopback: a second opinion about SQS, DynamoDB and S3; its KMS does not sign as AWS's does. */
export const startMoto = (options: EmulatorOptions = {}): Promise<Emulator> => start(MOTO, options);

const start = async (program: Program, options: EmulatorOptions): Promise<Emulator> => {
  const python = await ensureEmulators((line) => void process.stderr.write(`${line}\n`));
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), `quorate-${program.name}-`));
  mkdirSync(join(dataDir, 'tmp'), { recursive: true });
  const port = options.port ?? (await freePorts(1))[0] ?? 0;
  const host = options.host ?? '127.0.0.1';
  const endpoint = `http://${host}:${port}`;
  const logPath = join(dataDir, `${program.name}.log`);
  const log = openSync(logPath, 'w');
  const child = spawn(python, program.args(host, port), {
    cwd: dataDir,
    // Nothing else of ours: what the emulator has, its functions inherit.
    env: {
      HOME: dataDir,
      TMPDIR: join(dataDir, 'tmp'),
      PATH: `${NODE_BIN}:/usr/bin:/bin`,
      ...program.env(endpoint, host, port),
      ...options.env,
    },
    stdio: ['ignore', log, log],
    // A group of its own, so that its workers end with it.
    detached: true,
  });
  closeSync(log);
  const onExit = (): void => void signalGroup(child, 'SIGKILL');
  process.once('exit', onExit);
  const stop = async (): Promise<void> => {
    await end(child);
    process.off('exit', onExit);
    if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await healthy(child, program, endpoint, logPath);
  } catch (error) {
    const details = { log: readFileSync(logPath, 'utf8').slice(-2_000) };
    await stop();
    throw new TransientError('emulator-start', `${program.name} did not start on port ${port}`, {
      details,
      cause: error,
    });
  }
  return {
    endpoint,
    port,
    clientConfig: { endpoint, region: REGION, credentials: { accessKeyId: KEY, secretAccessKey: KEY } },
    env: {
      ...clientEnv(endpoint),
      AWS_REGION: REGION,
      AWS_EC2_METADATA_DISABLED: 'true',
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      CDK_DISABLE_VERSION_CHECK: '1',
    },
    dataDir,
    log: () => readFileSync(logPath, 'utf8'),
    reset: async () => {
      const response = await fetch(endpoint + program.resetPath, { method: 'POST' });
      if (!response.ok) throw new TransientError('emulator-reset', `${program.name} answered ${response.status}`);
    },
    stop,
  };
};

/** Whoever else has the port would answer too: that it is this one stands in its log, once it listens. */
const healthy = async (child: ChildProcess, program: Program, endpoint: string, logPath: string): Promise<void> => {
  const listening = `Running on ${endpoint}`;
  const failed = new AbortController();
  child.once('error', (error) => failed.abort(error));
  child.once('exit', (code) => failed.abort(new Error(`it ended with ${code}`)));
  const signal = AbortSignal.any([failed.signal, AbortSignal.timeout(START_TIMEOUT_MS)]);
  for (;;) {
    signal.throwIfAborted();
    if (readFileSync(logPath, 'utf8').includes(listening)) {
      const response = await fetch(endpoint + program.healthPath, { signal }).catch(() => undefined);
      await response?.body?.cancel();
      if (response?.ok) return;
    }
    await systemClock.sleep(50, signal);
  }
};

const signalGroup = (child: ChildProcess, signal: NodeJS.Signals): boolean => {
  try {
    return child.pid !== undefined && process.kill(-child.pid, signal);
  } catch {
    return false;
  }
};

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const ended = once(child, 'exit', { signal: AbortSignal.timeout(STOP_TIMEOUT_MS) });
    signalGroup(child, 'SIGTERM');
    await ended.catch(() => undefined);
  }
  // Its workers, and itself where it did not hear.
  signalGroup(child, 'SIGKILL');
};
