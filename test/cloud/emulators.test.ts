import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ensureEmulators } from './emulator-venv.ts';
import { startMinistack, startMoto } from './emulators.ts';

afterEach(() => vi.unstubAllEnvs());

describe.each([
  ['ministack', startMinistack],
  ['moto', startMoto],
])('%s', (_name, start) => {
  it('serves on a port of its own, forgets at a reset, and is gone after stop', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    expect(one.port).not.toBe(two.port);
    const client = new S3Client(one.clientConfig);
    const buckets = async () => (await client.send(new ListBucketsCommand({}))).Buckets ?? [];
    await client.send(new CreateBucketCommand({ Bucket: 'kept' }));
    expect(await buckets()).toHaveLength(1);
    await one.reset();
    expect(await buckets()).toEqual([]);
    await Promise.all([one.stop(), two.stop()]);
    await expect(fetch(one.endpoint)).rejects.toThrow();
    expect(() => readdirSync(one.dataDir)).toThrow('ENOENT');
  });

  it('fails with its own words when it cannot have the port', async () => {
    const first = await start();
    const dataDir = mkdtempSync(join(tmpdir(), 'quorate-emulator-'));
    await expect(start({ port: first.port, dataDir })).rejects.toMatchObject({ code: 'emulator-start' });
    await first.stop();
  });
});

describe('ensureEmulators', () => {
  it('rejects a machine without Python, and says what to install', async () => {
    vi.stubEnv('XDG_CACHE_HOME', mkdtempSync(join(tmpdir(), 'quorate-cache-')));
    vi.stubEnv('PATH', '/nonexistent');
    await expect(ensureEmulators(() => undefined)).rejects.toMatchObject({
      family: 'bad-input',
      code: 'no-python',
      next: expect.stringContaining('Python 3.11'),
    });
  });
});
