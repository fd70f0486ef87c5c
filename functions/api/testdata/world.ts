import sharp from 'sharp';
import { BadInputError } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/log.ts';
import { encodeManifest, type Manifest, runtimeClass } from '../../../shared/model/manifest.ts';
import type { Blobs } from '../../../shared/ports/blobs.ts';
import type { Clock, Random } from '../../../shared/ports/clock.ts';
import type { Queue } from '../../../shared/ports/queue.ts';
import type { Store } from '../../../shared/ports/store.ts';
import { createApi } from '../app.ts';
import { type ApiDeps, DEFAULT_API_CONFIG } from '../deps.ts';
import { modelState, ScriptedChain } from './scripted-chain.ts';

export const SIGNER = 'quo1signer';
export const NOW_MS = 1_700_000_000_000;

const runtime = {
  engine: 'onnxruntime-node',
  engineVersion: '1.0.0',
  provider: 'cpu',
  optimisation: 'basic',
  intraOpThreads: 1,
  pixels: '1.0.0',
  platform: 'linux-x64',
} as const;

export const manifest: Manifest = {
  format: 'quorate/manifest/v1',
  name: 'reader',
  version: '1',
  licence: 'Apache-2.0',
  task: 'image-to-text',
  input: { kind: 'image', mediaTypes: ['image/png'], maxBytes: 20_000, maxPixels: 10_000 },
  result: { kind: 'raw', mediaType: 'text/plain; charset=utf-8' },
  runtime: { class: runtimeClass(runtime), ...runtime },
  stages: [{ shard: 'ee'.repeat(32), sizeBytes: 1, before: null, after: null }],
  files: [],
  price: '1000',
  rule: { exact: {} },
  toleranceForOtherClasses: 0,
  knownAnswer: { input: 'ee'.repeat(32), sizeBytes: 1, digest: 'ee'.repeat(32) },
};

export const png = async (width = 40, height = 20): Promise<Uint8Array> =>
  new Uint8Array(
    await sharp({ create: { width, height, channels: 3, background: '#fff' } })
      .png()
      .toBuffer(),
  );

export interface World {
  readonly deps: ApiDeps;
  readonly chain: ScriptedChain;
  readonly model: string;
  /** Log lines as text. */
  readonly logged: string[];
  request(path: string, init?: RequestInit): Promise<Response>;
  postJson(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
}

export interface Adapters {
  readonly store: Store;
  readonly queue: Queue;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly random: Random;
  readonly endpoints?: NonNullable<ApiDeps['endpoints']>;
}

/** The API on real adapters and a scripted chain that sells one installed model. */
export const createWorld = async (adapters: Adapters): Promise<World> => {
  const chain = new ScriptedChain();
  const model = await adapters.blobs.put(encodeManifest(manifest));
  chain.knownModels.set(model, modelState(model));
  chain.balances.set(SIGNER, 1_000_000n);
  chain.timeMs = NOW_MS - 1_000;
  const logged: string[] = [];
  const note = (msg: string, fields?: unknown): void => void logged.push(`${msg} ${JSON.stringify(fields)}`);
  const log: Logger = { debug: note, info: note, warn: note, error: note, child: () => log };
  const unscripted = (): never => {
    throw new RangeError('this test has no evidence');
  };
  const deps: ApiDeps = {
    ...adapters,
    chain,
    chainEvidence: { header: unscripted, txs: unscripted, results: unscripted },
    askSigner: SIGNER,
    checkWebhookUrl: (url) => {
      if (!url.startsWith('https://')) throw new BadInputError('refused-url', 'only https is allowed');
    },
    config: { ...DEFAULT_API_CONFIG, publicUrl: 'http://api.test', defaultModel: model },
    log,
  };
  const app = createApi(deps);
  const request = async (path: string, init?: RequestInit): Promise<Response> => app.request(path, init);
  return {
    deps,
    chain,
    model,
    logged,
    request,
    postJson: (path, body, headers = {}) =>
      request(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
  };
};
