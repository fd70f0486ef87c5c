import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemRandom } from '../../../shared/adapters/system/clock.ts';
import { type Io, systemIo } from '../../../shared/client/cli/io.ts';
import type { Tenant } from '../../../shared/rows/tenant.ts';
import type { CloudConfig } from '../config.ts';
import { findStack, outputOf } from './deployed.ts';
import { main } from './main.ts';
import { windowsOf } from './model.ts';
import { addTenant } from './tenant.ts';
import { writeFields } from './write-fields.ts';

const io = (env: Io['env'] = {}) => {
  const [out, err]: [string[], string[]] = [[], []];
  return {
    out,
    err,
    io: { ...systemIo(), env, out: (line: string) => void out.push(line), err: (line: string) => void err.push(line) },
  };
};

describe('npm run cloud', () => {
  it('tells its commands', async () => {
    const { io: here, out } = io();
    expect(await main(['--help'], here)).toBe(0);
    for (const name of ['lane -c FILE', 'model', 'nodes', 'wallet', 'status', 'redrive QUEUE', 'export DIR']) {
      expect(out.join()).toContain(name);
    }
  });

  it.each([
    ['an unknown command', ['nonsense'], /no command 'nonsense'/],
    ['an unknown option', ['lane', '--nonsense'], /nonsense/],
    ['no configuration', ['lane'], /-c FILE/],
    ['a missing argument', ['redrive', '-c', 'x'], /1 arguments are expected/],
    ['no wallet', ['nodes', '-c', 'x'], /--wallet FILE/],
    ['a bond that is no number', ['nodes', '-c', 'x', '--bond', '-5'], /bond/],
    ['a price of nothing', ['model', '-c', 'x', '--price', '0'], /--price/],
  ])('rejects %s with exit code 2', async (_what, args, said) => {
    const { io: here, err } = io();
    expect(await main(args, here)).toBe(2);
    expect(err.join('\n')).toMatch(said);
  });

  it('makes a wallet once, and rejects one without a password', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'quorate-wallet-')), 'wallet.json');
    const { io: here, out, err } = io({ QUORATE_PASSWORD: 'one of many' });
    expect(await main(['wallet', path, '--prefix', 'wasm'], here)).toBe(0);
    expect(out[0]).toMatch(/^wasm1[a-z0-9]{38}$/);
    expect(await main(['wallet', path, '--prefix', 'wasm'], here)).toBe(1);
    expect(err.join()).toContain('keystore-exists');
    const { io: without, err: said } = io();
    expect(await main(['wallet', path, '--prefix', 'wasm'], without)).toBe(1);
    expect(said.join()).toContain('QUORATE_PASSWORD');
  });
});

it('writes the lane into a configuration and keeps all else', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'quorate-lane-')), 'config.json');
  writeFileSync(path, JSON.stringify({ name: 'q', lane: { address: 'old' }, nodes: [1] }));
  writeFields(path, { lane: { address: 'wasm1new' } });
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ name: 'q', lane: { address: 'wasm1new' }, nodes: [1] });
});

describe('tenants', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'quorate-tenant-')), 'config.json');
  const config = { tenants: [] as Tenant[] } as CloudConfig;
  writeFileSync(path, JSON.stringify({ name: 'q', tenants: [] }));

  it('adds one with the hash of a key that nobody else gets', () => {
    const key = addTenant(path, config, { name: 'me', asksPerDay: 5 }, systemRandom);
    expect(key).toMatch(/^[\w-]{43}$/);
    const apiKeySha256 = createHash('sha256').update(key).digest('hex');
    const written = JSON.parse(readFileSync(path, 'utf8'));
    expect(written).toEqual({ name: 'q', tenants: [{ name: 'me', apiKeySha256, asksPerDay: 5 }] });
    expect(JSON.stringify(written)).not.toContain(key);
  });

  it('rejects a name twice, and one that fits no tenant', () => {
    const known = { tenants: [{ name: 'me' }] } as CloudConfig;
    const add = (to: CloudConfig, name: string) => () => addTenant(path, to, { name, asksPerDay: 5 }, systemRandom);
    expect(add(known, 'me')).toThrow(/tenant me/);
    expect(add(config, 'Me!')).toThrow(/name/);
  });
});

it('gives a model windows of at least its times, whatever a block takes', () => {
  expect(windowsOf(500)).toEqual({ roundBlocks: 12, commitBlocks: 1_200, revealBlocks: 240 });
  expect(windowsOf(7_000, 60_000)).toEqual({ roundBlocks: 1, commitBlocks: 9, revealBlocks: 18 });
});

describe('outputs of stacks', () => {
  const stack = { name: 'q-data', status: 'CREATE_COMPLETE', outputs: { TableName: 't' } };
  it('gives what a stack says', () => expect(outputOf(stack, 'q-data', 'TableName')).toBe('t'));
  it('rejects a stack that is not there, and one of another release', () => {
    expect(() => outputOf(undefined, 'q-data', 'TableName')).toThrow(/no stack q-data/);
    expect(() => outputOf(stack, 'q-data', 'Other')).toThrow(/no output Other/);
  });

  it('fails with a typed error when CloudFormation does not answer', async () => {
    const send = () => Promise.reject(Object.assign(new Error('connect'), { name: 'Error', code: 'ECONNREFUSED' }));
    await expect(findStack({ send } as never, 'q-data')).rejects.toMatchObject({ code: 'aws-unreachable' });
  });
});
