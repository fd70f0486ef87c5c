import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openOperation } from '../../infra/aws/operator/operation.ts';
import { readConfig } from '../../infra/aws/read-config.ts';
import { DEVNET } from '../../infra/local/settings.ts';
import { makeBatchResources } from './batch-resources.ts';
import { type Cloud, startCloud } from './harness.ts';
import { type ReverseProxy, startReverseProxy } from './proxy/reverse-proxy.ts';

/** The commands of docs/deploy.md as a user types them, from an empty account to a verified query. */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const IMAGE = join(ROOT, 'workers/inference/testdata/invoice.png');
const SAYS = readFileSync(join(ROOT, 'workers/inference/testdata/invoice.txt'), 'utf8').trim();
const NODES = ['node-1', 'node-2', 'node-3'];

let cloud: Cloud;
let front: ReverseProxy;
let api = '';
const folder = mkdtempSync(join(tmpdir(), 'quorate-smoke-'));
const config = join(folder, 'config.json');
const walletOf = (name: string): string => join(folder, `${name}.json`);

beforeAll(async () => {
  [cloud, front] = await Promise.all([startCloud(), startReverseProxy(async (_passing, forward) => forward(api))]);
});
afterAll(async () => {
  await cloud?.stop();
  await front?.close();
});

/** @returns what it wrote on stdout. @throws with all that it wrote, when it ends with another code than 0 */
const run = async (command: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> => {
  const quorate = { QUORATE_PASSWORD: 'of the smoke test', QUORATE_HOME: folder };
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...cloud.emulator.env, ...quorate, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`);
  return stdout.trim();
};

const cdk = (...args: string[]): Promise<string> =>
  run('npx', ['cdk', ...args, '-c', `config=${config}`, '--output', join(folder, 'cdk.out'), '--no-notices']);
/** Without change sets: the emulator's see no change where only outputs change, as those of the data stack do. */
const deploy = (): Promise<string> => cdk('deploy', '--all', '--require-approval', 'never', '--method', 'direct');
const operator = (...args: string[]): Promise<string> => run('npm', ['run', '--silent', 'cloud', '--', ...args]);

const writeConfig = (nodes: readonly { name: string; address: string }[]): void => {
  const { chainId: id, rpcUrls: rpcs, contract, bech32Prefix } = cloud.chain;
  const { denom, gasPrice, blockMs } = DEVNET;
  const chain = { id, rpcs, contract, denom, gasPrice, bech32Prefix, blockMs, startHeight: 1, maxSeats: 11 };
  const written = {
    name: 'smoke',
    chain,
    nodes,
    models: [{ id: '0'.repeat(64), vcpus: 1, memoryMiB: 2_048, gpus: 0 }],
    budget: { usdPerMonth: 10, batchJobsPerDay: 100 },
    alarms: { email: 'operator@example.org' },
    api: { publicUrl: front.url },
    emulated: true,
  };
  writeFileSync(config, JSON.stringify(written, undefined, 2));
};

it('goes from an empty account to a verified query by the commands of docs/deploy.md', async () => {
  const prefix = cloud.chain.bech32Prefix;
  const addresses: string[] = [];
  for (const name of [...NODES, 'wallet']) addresses.push(await operator('wallet', walletOf(name), '--prefix', prefix));
  await Promise.all(addresses.map((address) => cloud.chain.pay(address, 100_000_000n)));
  writeConfig(NODES.map((name, i) => ({ name, address: addresses[i] ?? '' })));

  await cdk('bootstrap', 'aws://000000000000/us-east-1');
  await deploy();
  const lane = await operator('lane', '-c', config, '--write');
  await cloud.chain.pay(lane, 100_000_000n);

  const model = await operator('model', '-c', config, '--register', '--wallet', walletOf('wallet'));
  const written = JSON.parse(readFileSync(config, 'utf8'));
  writeFileSync(config, JSON.stringify({ ...written, models: [{ ...written.models[0], id: model }] }));
  await operator('nodes', '-c', config, ...NODES.flatMap((name) => ['--wallet', walletOf(name)]));

  const apiKey = await operator('tenant', 'me', '-c', config);
  await deploy();
  // What the emulator lacks: Batch's queue and job definition go to the simulator, and the API's address is one of its own.
  const deployed = readConfig(config);
  await makeBatchResources(cloud.emulator, cloud.batch, deployed);
  const id = await openOperation(deployed, cloud.emulator.clientConfig).output('control', 'ApiId');
  api = `${cloud.emulator.endpoint}/_aws/execute-api/${id}/$default`;

  const { contract } = cloud.chain;
  const where = ['--api', front.url, '--rpc', cloud.chain.rpcUrls[0] ?? '', '--contract', contract];
  const money = ['--denom', DEVNET.denom, '--gas-price', DEVNET.gasPrice];
  const ask = ['run', '--silent', 'quorate', '--', 'ask', IMAGE, '--wait', ...where, ...money];
  const answer = await run('npm', ask, { QUORATE_API_KEY: apiKey });
  expect(answer).toBe(SAYS);
  expect(await operator('status', '-c', config)).toMatch(/stack control +\w+_COMPLETE[\s\S]*health +ok/);
}, 400_000);
