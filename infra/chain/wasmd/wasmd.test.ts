import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CHECKSUMS, cachedWasmd, cacheFolder, libraryName } from './cache.ts';
import { runCommand } from './command.ts';
import { ensureWasmd, WASMD_VERSION } from './ensure.ts';
import { startNetwork } from './network.ts';
import { freePorts } from './ports.ts';

let caches: string;
let folder: string;
const said: string[] = [];
const say = (line: string) => void said.push(line);

beforeEach(() => {
  caches = mkdtempSync(join(tmpdir(), 'quorate-cache-'));
  vi.stubEnv('XDG_CACHE_HOME', caches);
  // Neither an installed wasmd nor Go.
  vi.stubEnv('PATH', caches);
  folder = cacheFolder(WASMD_VERSION);
  mkdirSync(folder, { recursive: true });
  said.length = 0;
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(caches, { recursive: true });
});

const sum = (text: string) => createHash('sha256').update(text).digest('hex');

const fill = (program: string, sums = `${sum('program')}  wasmd\n${sum('library')}  ${libraryName()}\n`) => {
  writeFileSync(join(folder, 'wasmd'), program, { mode: 0o755 });
  writeFileSync(join(folder, libraryName()), 'library');
  writeFileSync(join(folder, CHECKSUMS), sums);
};

test('a cached program is taken when all its checksums hold, with the folder of its library', async () => {
  fill('program');
  const wasmd = await ensureWasmd(say);
  expect(wasmd).toMatchObject({ version: WASMD_VERSION, program: join(folder, 'wasmd') });
  expect(Object.values(wasmd.env)).toEqual([folder]);
  expect(said).toEqual([]);
});

test('a cached program that was changed, or that nobody vouches for, is not taken', () => {
  fill('another program');
  expect(cachedWasmd(folder, say)).toBeUndefined();
  expect(said.join()).toContain('cached wasmd is not what was built');
  fill('program', `${sum('program')}  wasmd\n`);
  expect(cachedWasmd(folder, say)).toBeUndefined();
  rmSync(join(folder, CHECKSUMS));
  expect(cachedWasmd(folder, say)).toBeUndefined();
});

test('without wasmd, cache and Go there is one clear error that says what to install', async () => {
  await expect(ensureWasmd(say)).rejects.toMatchObject({
    family: 'bad-input',
    code: 'no-wasmd',
    next: expect.stringContaining(WASMD_VERSION),
  });
});

test('a network does not take a folder that holds files, and touches nothing in it', async () => {
  fill('program');
  const wasmd = await ensureWasmd(say);
  const options = { chainId: 'c', accounts: [], denom: 'unes', blockMs: 100, minGasPrice: '0', nodes: 1 } as const;
  await expect(startNetwork({ wasmd, dir: folder, ...options })).rejects.toMatchObject({ code: 'folder-not-empty' });
  expect(cachedWasmd(folder, say)).toBe(join(folder, 'wasmd'));
});

test('a program that fails is an error with what it said', async () => {
  const failing = runCommand(process.execPath, ['-e', 'console.error("no luck"); process.exit(3)']);
  await expect(failing).rejects.toMatchObject({ code: 'command-failed', message: expect.stringMatching(/3: no luck/) });
  await expect(runCommand('no-such-program', [])).rejects.toMatchObject({ code: 'command-failed' });
});

test('free ports are all different', async () => {
  const ports = await freePorts(20);
  expect(new Set(ports).size).toBe(20);
});
