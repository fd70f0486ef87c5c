import { execFile } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { bundleFunction, functionFolder, ROOT } from '../../infra/aws/constructs/bundle.ts';
import { addressOf, publicKeyFromSpki } from '../../shared/adapters/keys/secp256k1.ts';
import { quantile } from '../../shared/planning/quantile.ts';

const run = promisify(execFile);
const RUNS = 7;
/** What the issue of the cloud allows. */
const MAX_ZIP_BYTES = 1_500_000;
const MAX_INIT_MS = 250;

/** The size of each function's zip, and how long a fresh process takes to load its handler, what it opens at its cold start included. */
export const bundles = async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-bundles-'));
  const aws = await serveKeys();
  try {
    console.log('secrets and keys come from a stand-in on loopback; no RPC is asked before the first invocation');
    console.log('function          bundle kB   zip kB   cold init ms: median of 7 (slowest), median of CPU');
    for (const name of readdirSync(functionFolder(''))) {
      mkdirSync(join(folder, name));
      const size = bundleFunction(name, join(folder, name));
      const file = join(folder, name, 'index.mjs');
      const zipped = deflateRawSync(readFileSync(file), { level: 9 }).length;
      const loads: Load[] = [];
      for (let at = 0; at < RUNS; at += 1) loads.push(await loadTime(file, aws.env));
      const times = loads.map(({ ms }) => ms);
      const median = quantile(times, 0.5);
      const cpu = quantile(
        loads.map(({ cpuMs }) => cpuMs),
        0.5,
      );
      const over = [
        ...(zipped > MAX_ZIP_BYTES ? [`zip over ${MAX_ZIP_BYTES / 1000} kB`] : []),
        ...(median > MAX_INIT_MS ? [`init over ${MAX_INIT_MS} ms`] : []),
      ].join(', ');
      const columns = [kB(size).padStart(9), kB(zipped).padStart(8), median.toFixed(0).padStart(8)];
      console.log(
        `${name.padEnd(17)} ${columns.join(' ')} (${quantile(times, 1).toFixed(0)}), ${cpu.toFixed(0)}  ${over}`,
      );
    }
  } finally {
    aws.server.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

const kB = (bytes: number): string => (bytes / 1_000).toFixed(0);

interface Load {
  readonly ms: number;
  /** Of all threads: what it would take alone, more or less, on a machine that has other work. */
  readonly cpuMs: number;
}

/** A fresh process each time, as a cold start has: its code is parsed and nothing is in memory. */
const loadTime = async (file: string, env: Readonly<Record<string, string>>): Promise<Load> => {
  const script = `const t=performance.now(),c=process.cpuUsage();const{handler}=await import(${JSON.stringify(file)});
    if(typeof handler!=='function')throw new Error('no handler');
    const{user,system}=process.cpuUsage(c);console.error(performance.now()-t,(user+system)/1e3);process.exit(0)`;
  const { stderr } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT, env });
  const [ms = Number.NaN, cpuMs = Number.NaN] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return { ms, cpuMs };
};

/** Answers what functions ask of Secrets Manager and KMS at their cold start. */
const serveKeys = async (): Promise<{ readonly server: Server; readonly env: Readonly<Record<string, string>> }> => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  const spki = spkiOf(publicKey);
  const server = createServer((request, response) => {
    const target = String(request.headers['x-amz-target']);
    const answer = target.endsWith('.GetPublicKey')
      ? { PublicKey: Buffer.from(spki).toString('base64'), KeySpec: 'ECC_SECG_P256K1' }
      : { SecretString: 's'.repeat(64) };
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    response.end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const lane = addressOf(publicKeyFromSpki(spki), PREFIX);
  return { server, env: { ...VARIABLES, LANE_ADDRESS: lane, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` } };
};

const spkiOf = (key: KeyObject): Uint8Array => key.export({ type: 'spki', format: 'der' });

const PREFIX = 'neutron';
const queueUrl = (name: string): string => `http://127.0.0.1:9/000000000000/bench-${name}`;

/** Of all functions; each reads its own. */
const VARIABLES: Readonly<Record<string, string>> = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_LAMBDA_FUNCTION_NAME: 'bench',
  DEPLOYMENT: 'bench',
  LOG_LEVEL: 'info',
  TABLE_NAME: 'bench',
  BLOBS_BUCKET: 'bench',
  CHAIN_ID: 'bench-1',
  CHAIN_RPCS: 'http://127.0.0.1:9',
  CHAIN_CONTRACT: 'neutron1qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qursl2us2n',
  CHAIN_DENOM: 'untrn',
  NODES: 'neutron1qyqszqgpqyqszqgpqyqszqgpqyqszqgpkvguhm',
  NODE_KEYS_SECRET: 'bench',
  ALLOW_LOOPBACK_HTTP: '0',
  QUEUE_URL_ADVANCE_RUN: queueUrl('advance-run'),
  QUEUE_URL_START_JOB: queueUrl('start-job'),
  QUEUE_URL_SEND_TRANSACTION: `${queueUrl('send-transaction')}.fifo`,
  QUEUE_URL_DELIVER_WEBHOOK: queueUrl('deliver-webhook'),
  QUEUE_URL_STAGE_JOBS: queueUrl('stage-jobs'),
  START_HEIGHT: '1',
  WATCH_ALWAYS: '0',
  WATCH_POLL_MS: '1000',
  SETTLE_SPREAD_BLOCKS: '3',
  BLOCK_MS: '1500',
  BATCH_QUEUE: 'bench-jobs',
  BATCH_JOB_DEFINITION: 'bench-inference',
  BATCH_MAX_WORKERS: '8',
  BATCH_JOBS_PER_DAY: '500',
  LANE_KEY: 'bench',
  BECH32_PREFIX: PREFIX,
  GAS_PRICE: '0.025untrn',
  OVERDUE_BLOCKS: '12',
  SWEEP_EVERY_MS: '3600000',
  SWEEP_HEIGHTS: '10000',
  PUBLIC_URL: 'https://api.example.org',
  MAX_SEATS: '21',
  TENANTS: '[]',
};
