import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FakeClock, seededRandom } from '../../../test/contracts/fakes.ts';
import { BadInputError } from '../../errors.ts';
import { loadConfig } from './config.ts';
import type { Io } from './io.ts';
import { main } from './main.ts';
import { openWallet } from './wallet.ts';

const CONTRACT = 'quo14hj2tavq8fpesdwxxcu44rty3hh90vhujrvcmstl4zr3txmfvw9s4rk955';
const DEVNET = {
  apiUrl: 'http://api.test',
  rpcUrl: 'http://127.0.0.1:9',
  chainId: 'devnet-1',
  contract: CONTRACT,
  denom: 'unes',
  gasPrice: '0.025unes',
  faucetUrl: 'http://api.test/faucet',
};
const QUERY = {
  queryId: 7,
  status: 'verified',
  attempt: 1,
  asker: 'quo1me',
  model: 'ab'.repeat(32),
  seats: 3,
  feeUnes: '3000',
  digest: 'cd'.repeat(32),
  votes: 2,
  committed: 3,
  links: {},
};
const NODE = { address: 'quo1node', bondUnes: '5', reputationThousandths: 1_010, models: ['ab'.repeat(32)] };
const MODEL = {
  id: 'ab'.repeat(32),
  name: 'reader',
  version: '1',
  installed: true,
  isDefault: true,
  priceUnes: '1000',
  withdrawn: false,
};

const ANSWERS: Record<string, unknown> = {
  '/v1/queries/7': QUERY,
  '/v1/queries/7/why': {
    queryId: 7,
    status: 'verified',
    sentences: ['It is verified.'],
    runs: [{ node: 'quo1node', attempt: 0, state: 'final', sentences: ['Done.'] }],
    anomalies: ['odd'],
  },
  '/v1/nodes?limit=100': { nodes: [NODE], next: 'quo1node' },
  '/v1/nodes?limit=100&after=quo1node': { nodes: [{ ...NODE, address: 'quo1other' }], next: null },
  '/v1/nodes/quo1node': NODE,
  '/v1/models?limit=100': { models: [MODEL], next: null },
  [`/v1/models/${MODEL.id}`]: MODEL,
  '/v1/health': { status: 'ok', reasons: [], chain: { chainId: 'devnet-1' } },
};

const open = (change: Partial<Io> = {}) => {
  const cwd = mkdtempSync(join(tmpdir(), 'quorate-cli-'));
  const home = join(cwd, '.quorate');
  const [stdout, stderr]: [string[], string[]] = [[], []];
  const ran: unknown[] = [];
  const io: Io = {
    out: (line) => void stdout.push(line),
    err: (line) => void stderr.push(line),
    env: { QUORATE_HOME: cwd },
    cwd,
    nodeVersion: '24.21.0',
    clock: new FakeClock(),
    random: seededRandom(1),
    fetch: async (url) => {
      const answer = ANSWERS[url.replace('http://api.test', '')];
      const error = {
        code: 'unknown-query',
        message: 'the contract has no query',
        next: 'Use another id.',
        details: {},
      };
      return answer === undefined ? Response.json({ error }, { status: 404 }) : Response.json(answer);
    },
    exists: existsSync,
    read: async (path) => {
      if (!existsSync(path)) throw new BadInputError('file-unreadable', `the file ${path} cannot be read`);
      return new Uint8Array(readFileSync(path));
    },
    write: async (path, bytes) => writeFileSync(path, bytes),
    freeBytes: async () => 10 ** 12,
    run: async (...args) => {
      ran.push(args);
      return 0;
    },
    ...change,
  };
  writeFileSync(join(cwd, 'devnet.json'), JSON.stringify(DEVNET));
  const run = async (...args: string[]) => {
    const [from, fromErr] = [stdout.length, stderr.length];
    const code = await main(args, io);
    return { code, out: stdout.slice(from).join('\n'), err: stderr.slice(fromErr).join('\n') };
  };
  return { io, cwd, home, run, ran };
};

describe('commands', () => {
  it('shows a query, and as JSON everything of it', async () => {
    const { run } = open();
    const text = await run('status', '7');
    expect(text.code).toBe(0);
    expect(text.out).toContain('query 7: verified, attempt 2 of at most 3');
    expect(text.out).toContain('next: quorate result 7');
    expect(JSON.parse((await run('status', '7', '--json')).out)).toEqual(QUERY);
    const waited = await run('status', '7', '--wait');
    expect(waited.err).toContain('query 7 (attempt 2): verified');
  });

  it('says why', async () => {
    const { out } = await open().run('why', '7');
    expect(out.split('\n')).toEqual([
      'query 7: verified',
      '  It is verified.',
      'node quo1node, attempt 1: final',
      '  Done.',
      'anomaly: odd',
    ]);
  });

  it('lists and shows nodes and models, over all pages', async () => {
    const { run } = open();
    expect(JSON.parse((await run('node', 'list', '--json')).out).nodes).toHaveLength(2);
    expect((await run('node')).out).toContain('quo1other  bond 5  reputation 1.010');
    expect((await run('node', 'show', 'quo1node')).out).toContain('node quo1node');
    expect((await run('model', 'list')).out).toContain('reader  1000 a seat  (default, installed)');
    expect((await run('model', 'show', MODEL.id)).out).toContain('state  default, installed');
  });

  it('shows what cheating would bring, where the deployment reckons it', async () => {
    const row = { nodes: 1, stakeShare: 0.2, gainUnes: 0, againstHonestUnes: 0, catchRate: 0, wrongVerified: 0 };
    const none = { paysAbovePrizeUnes: null, minimumBondUnes: null };
    const cheating = {
      assumed: { nodes: 5, bondUnes: '1000000', seats: 3, feeUnes: '3000', payUnes: 455, slashUnes: 50_000 },
      strategies: [
        { ...row, ...none, strategy: 'honest' },
        { ...row, ...none, strategy: 'guess', gainUnes: -40_508.9, againstHonestUnes: -40_508.9, catchRate: 1 },
        {
          ...row,
          nodes: 2,
          strategy: 'collude',
          againstHonestUnes: -64_764.4,
          paysAbovePrizeUnes: 529_502,
          minimumBondUnes: 9,
        },
      ],
      breakEvenStakeShare: null,
      breakEvenGuessRate: 0.991,
      minimumBondForCoinUnes: 9_086,
    };
    const model = { ...MODEL, cheating };
    const list = { models: [model], next: null };
    const { run } = open({ fetch: async (url) => Response.json(url.includes('limit=') ? list : model) });
    expect((await run('model', 'list')).out).toContain('cheating loses at least 40509 a query');
    const { out } = await run('model', 'show', MODEL.id);
    expect(out).toMatch(/one node makes up an answer +20 % +-40509 +-40509 +100 % +0 % +-\n/);
    expect(out).toMatch(/2 nodes agree on a lie .* 529502\n/);
    expect(out).toContain('more than 99.1 % of them are right');
    expect(out).toContain('at no share of the stake');
  });

  it('hands the devnet its options, with the home as its folder', async () => {
    const { run, ran, cwd } = open();
    expect((await run('devnet', '--exit', '--fault', 'no-reveal')).code).toBe(0);
    const json = await run('devnet', '--data', 'x', '--json');
    expect(ran).toEqual([
      ['infra/local/main.ts', ['--exit', '--fault', 'no-reveal', '--data', cwd], false],
      ['infra/local/main.ts', ['--data', 'x'], true],
    ]);
    expect(JSON.parse(json.out)).toEqual({ exitCode: 0 });
  });

  it('shows each RPC endpoint of the deployment, and what to do about one that rests', async () => {
    const endpoints = [
      { name: 'a:443', state: 'ready', height: 12, lastError: null, restedUntilMs: null },
      { name: 'b:443', state: 'rests', height: 9, lastError: 'HTTP status 502', restedUntilMs: 1e15 },
    ];
    const health = { status: 'ok', reasons: [], chain: { chainId: 'devnet-1' }, endpoints };
    const { run } = open({ fetch: async () => Response.json(health) });
    const { out } = await run('doctor', '--json');
    const found = JSON.parse(out).findings.find((f: { what: string }) => f.what === 'endpoints');
    expect(found).toMatchObject({ ok: false, next: expect.stringContaining('replace') });
    expect(found.found).toMatch(/^a:443 ready at 12; b:443 rests at 9, asked again in \d+ s: HTTP status 502$/);
  });

  it('finds what is wrong and says what to do', async () => {
    const { run } = open({ nodeVersion: '20.1.0', freeBytes: async () => 1 });
    const { code, out } = await run('doctor', '--json');
    expect(code).toBe(4);
    const { healthy, findings } = JSON.parse(out);
    expect(healthy).toBe(false);
    const byName = Object.fromEntries(findings.map((f: { what: string; ok: boolean }) => [f.what, f.ok]));
    expect(byName).toEqual({
      node: false,
      disk: false,
      api: true,
      endpoints: true,
      rpc: false,
      contract: false,
      wallet: true,
      clock: false,
      models: true,
    });
    for (const { ok, next } of findings) if (!ok) expect(next).toMatch(/\w{3}/);
    const text = (await run('doctor')).out;
    expect(text).toContain(
      "failed  node       Node 20.1.0, 24 or later is needed\n        -> Start it as 'npx quorate'",
    );
    expect((await open().run('doctor', '--home', 'nowhere')).out).toContain('failed  config');
  });

  it.each(['devnet', 'ask', 'status', 'result', 'verify', 'why', 'doctor', 'node', 'model'])(
    'has help for %s',
    async (name) => {
      const { run, ran } = open();
      const { code, out } = await run(name, '--help');
      expect([code, out.split('\n')[0]]).toEqual([0, expect.stringContaining(`quorate ${name}`)]);
      expect(out).toContain('--json');
      expect(ran).toEqual([]);
    },
  );
});

describe('errors', () => {
  const BAD: [args: string[], code: number, error: string][] = [
    [['nonsense'], 2, 'usage'],
    [['status'], 2, 'usage'],
    [['status', 'x'], 2, 'usage'],
    [['status', '1', '2'], 2, 'usage'],
    [['status', '7', '--nonsense'], 2, 'usage'],
    [['node', 'eat'], 2, 'usage'],
    [['node', 'show'], 2, 'usage'],
    [['model', 'show'], 2, 'usage'],
    [['result', '7', '--money', '--out', 'x'], 2, 'usage'],
    [['ask'], 2, 'usage'],
    [['ask', 'f', '--seats', '0'], 2, 'usage'],
    [['ask', 'nowhere.png'], 1, 'file-unreadable'],
    [['verify', 'nowhere.json'], 1, 'file-unreadable'],
    [['verify', 'devnet.json'], 1, 'receipt-refused'],
    [['status', '9'], 1, 'unknown-query'],
    [['result', '9'], 1, 'unknown-query'],
    [['status', '7', '--home', 'nowhere'], 1, 'not-configured'],
    [['ask', 'devnet.json'], 4, 'rpc-unavailable'],
  ];
  it.each(BAD)('%j ends with %i and %s, with a next step, and makes no file', async (args, code, error) => {
    const { run, cwd } = open();
    const text = await run(...args);
    expect([text.code, text.out]).toEqual([code, '']);
    expect(text.err).toContain(`(${error})`);
    const json = await run(...args, '--json');
    expect([json.code, json.err]).toEqual([code, '']);
    const shown = JSON.parse(json.out).error;
    expect(shown.code).toBe(error);
    expect(readdirSync(cwd)).toEqual(['devnet.json']);
  });

  it('ends with 3 while an answer is not final', async () => {
    const error = { code: 'not-yet-verified', message: 'query 7 is revealing', next: 'Try again.', details: {} };
    const { run } = open({ fetch: async () => Response.json({ error }, { status: 409 }) });
    expect((await run('result', '7')).code).toBe(3);
  });

  it('ends with 4 when the API is away', async () => {
    const { run } = open({ fetch: () => Promise.reject(new TypeError('fetch failed')) });
    const { code, err } = await run('status', '7');
    expect(code).toBe(4);
    expect(err).toContain("next: Start a devnet with 'quorate devnet'");
  });

  it('shows help without a command', async () => {
    const { code, out } = await open().run();
    expect(code).toBe(0);
    expect(out).toContain('Exit codes: 0 ok');
  });
});

describe('configuration and wallet', () => {
  it('takes flags over environment over the devnet’s file', async () => {
    const { io } = open();
    expect(await loadConfig(io, {})).toMatchObject({
      apiUrl: 'http://api.test',
      isDevnet: true,
      faucetUrl: DEVNET.faucetUrl,
    });
    const env = { ...io.env, QUORATE_API: 'http://env', QUORATE_RPC: 'http://rpc' };
    expect(await loadConfig({ ...io, env }, {})).toMatchObject({
      apiUrl: 'http://env',
      rpcUrl: 'http://rpc',
      isDevnet: false,
    });
    const flagged = await loadConfig({ ...io, env }, { api: 'http://flag' });
    expect(flagged).toMatchObject({ apiUrl: 'http://flag', faucetUrl: undefined });
    expect(flagged.apiKey).toBeUndefined();
    expect(await loadConfig({ ...io, env: { ...env, QUORATE_API_KEY: 'k' } }, {})).toMatchObject({ apiKey: 'k' });
  });

  it('rejects a damaged file, and another chain without a password', async () => {
    const { io, cwd } = open();
    const other = await loadConfig(io, { rpc: 'http://mainnet' });
    await expect(openWallet(io, other)).rejects.toMatchObject({ code: 'no-password' });
    expect(existsSync(join(cwd, 'wallet.json'))).toBe(false);
    writeFileSync(join(cwd, 'devnet.json'), '{');
    await expect(loadConfig(io, {})).rejects.toMatchObject({ code: 'config-invalid' });
  });

  it('makes an encrypted wallet once, and opens it with its password only', async () => {
    const { io, cwd } = open();
    const config = await loadConfig(io, {});
    const made = await openWallet(io, config);
    expect(made.address).toMatch(/^quo1/);
    expect((await openWallet(io, config)).address).toBe(made.address);
    const env = { ...io.env, QUORATE_PASSWORD: 'another' };
    await expect(openWallet({ ...io, env }, config)).rejects.toMatchObject({ code: 'keystore-password' });
    expect(readFileSync(join(cwd, 'wallet.json'), 'utf8')).toContain('aes-256-gcm');
  });
});
