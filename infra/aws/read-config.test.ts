import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BadInputError } from '../../shared/errors.ts';
import { ROOT } from './constructs/bundle.ts';
import { readConfig } from './read-config.ts';
import { FULL } from './testdata/synth.ts';

const folder = mkdtempSync(join(tmpdir(), 'quorate-config-'));
const write = (content: unknown): string => {
  const path = join(folder, 'config.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

const problemsOf = (content: unknown): readonly string[] => {
  try {
    readConfig(write(content));
    return [];
  } catch (error) {
    if (!(error instanceof BadInputError)) throw error;
    return (error.details.problems as readonly string[] | undefined) ?? [error.message];
  }
};

describe('a configuration', () => {
  it('is read as it is written, with what is left out at its default', () => {
    const { watch: _watch, api: _api, tenants: _tenants, emulated: _emulated, ...least } = FULL;
    expect(readConfig(write(least))).toEqual(FULL);
  });

  it('has an example that can be read', () => {
    expect(readConfig(`${ROOT}infra/aws/config.example.json`).emulated).toBe(false);
  });

  it('may be for an emulator on loopback, over plain http', () => {
    const chain = { ...FULL.chain, rpcs: ['http://127.0.0.1:26657'] };
    expect(problemsOf({ ...FULL, chain, emulated: true })).toEqual([]);
    expect(problemsOf({ ...FULL, chain })).toEqual(['chain.rpcs[0]: expected an https URL']);
  });

  it('rejects a file that is not there or not JSON, without quoting it', () => {
    expect(() => readConfig(join(folder, 'absent.json'))).toThrow('cannot read');
    expect(() => readConfig(write('{"apiKey": hunter2'))).toThrow(/is not JSON$/);
  });

  it('rejects everything that is wrong in one message', () => {
    const [node] = FULL.nodes;
    const [model] = FULL.models;
    const { gpu: _gpu, ...workers } = FULL.workers;
    expect(
      problemsOf({
        ...FULL,
        chain: { ...FULL.chain, rpcs: ['http://rpc.example.org', 'http://rpc.example.org'], contract: 'cosmos1abc' },
        lane: { address: `${FULL.lane?.address}x` },
        nodes: [node, node],
        models: [model, model, { ...FULL.models[1], vcpus: 64 }, { ...model, id: '2'.repeat(64), vcpus: 17 }],
        workers,
      }),
    ).toEqual([
      'nodes[1].name: another node has this name',
      'nodes[1].address: another node has it',
      'models[1].id: another model has this id',
      "chain.contract: expected an address that begins with 'neutron1'",
      "lane.address: expected an address that begins with 'neutron1'",
      'chain.rpcs[0]: expected an https URL',
      'chain.rpcs[1]: expected an https URL',
      'chain.rpcs[1]: the same URL stands before, so nothing would be compared',
      'models[2].gpus: needs workers.gpu, which says how many GPU machines may run',
      'models[3].vcpus: expected at most workers.maxVcpus, 16',
    ]);
  });

  it('rejects fields of the wrong shape, with their places and what is allowed', () => {
    const problems = problemsOf({
      ...FULL,
      name: 'Quorate!',
      budget: { usdPerMonth: 0, batchJobsPerDay: 500 },
      alarms: { email: 'nobody' },
      nodes: [],
      tenants: [{ name: 'a', apiKeySha256: 'hunter2', asksPerDay: 1 }],
      workers: { image: 'worker:latest' },
    });
    expect(problems).toEqual([
      'name: expected 2 to 24 of a-z, 0-9 and -',
      'nodes: too small: expected array to have >=1 items',
      'tenants[0].apiKeySha256: expected 64 lower-case hex digits',
      'budget.usdPerMonth: too small: expected number to be >0',
      'alarms.email: invalid email address',
      'workers.image: expected an image by digest: name@sha256:…',
    ]);
    expect(problems.join()).not.toContain('hunter2');
  });

  it('rejects fields that it does not know', () => {
    expect(problemsOf({ ...FULL, regoin: 'eu-west-1', budget: { ...FULL.budget, limit: 3 } })).toEqual([
      'budget: unrecognized key: "limit"',
      '(the file): unrecognized key: "regoin"',
    ]);
  });

  it('rejects two tenants of one name or key, and more than a function’s variables hold', () => {
    const tenant = { name: 'a', apiKeySha256: 'a'.repeat(64), asksPerDay: 1 };
    expect(problemsOf({ ...FULL, tenants: [tenant, tenant] })).toEqual([
      'tenants[1].name: another tenant has this name',
      'tenants[1].apiKeySha256: another tenant has this key',
    ]);
    const many = Array.from({ length: 20 }, (_, at) => ({
      name: `tenant-${at}`,
      apiKeySha256: String(at).padStart(64, '0'),
      asksPerDay: 1,
    }));
    expect(problemsOf({ ...FULL, tenants: many })).toEqual([
      expect.stringMatching(/^tenants: expected at most 2000 bytes as JSON, received \d+$/),
    ]);
  });
});

describe('the app as `cdk` runs it', () => {
  const run = (context: Record<string, unknown>) => {
    rmSync(join(folder, 'out'), { recursive: true, force: true });
    return spawnSync(process.execPath, [`${ROOT}infra/aws/app.ts`], {
      encoding: 'utf8',
      env: { ...process.env, CDK_CONTEXT_JSON: JSON.stringify(context), CDK_OUTDIR: join(folder, 'out') },
    });
  };

  it('writes its templates', () => {
    const { status } = run({ config: write(FULL), 'aws:cdk:bundling-stacks': [] });
    expect(status).toBe(0);
    expect(readdirSync(join(folder, 'out')).filter((file) => file.endsWith('.template.json'))).toHaveLength(5);
  });

  it('rejects a wrong configuration with its problems and no stack trace', () => {
    const { status, stderr } = run({ config: write({ ...FULL, name: '?' }) });
    expect(status).toBe(1);
    expect(stderr).toContain('name: expected 2 to 24 of a-z, 0-9 and -');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('rejects a call without a configuration, and says how', () => {
    const { status, stderr } = run({});
    expect(status).toBe(1);
    expect(stderr).toContain('-c config=FILE');
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
