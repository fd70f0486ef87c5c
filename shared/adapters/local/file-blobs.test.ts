import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFileBlobs } from './file-blobs.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quorate-blobs-'));
});
afterEach(() => rm(folder, { recursive: true }));

const bytes = new TextEncoder().encode('quorate');
const hash = createHash('sha256').update(bytes).digest('hex');

describe('file blobs', () => {
  it('lie in two levels of folders, with nothing left aside', async () => {
    expect(await openFileBlobs(folder).put(bytes)).toBe(hash);
    expect(await readdir(join(folder, hash.slice(0, 2), hash.slice(2, 4)))).toEqual([hash]);
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
  });

  it('do not show what a killed writer left, and clear it away with the next put of the same bytes', async () => {
    const blobs = openFileBlobs(folder);
    await mkdir(join(folder, 'tmp', `${hash}.AbCdEf`), { recursive: true });
    await writeFile(join(folder, 'tmp', `${hash}.AbCdEf`, 'blob'), 'quo');
    expect(await blobs.has(hash)).toBe(false);
    await blobs.put(bytes);
    expect(await blobs.get(hash)).toEqual(bytes);
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
  });

  it('fail with a transient error when the disk refuses', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await expect(openFileBlobs(file).put(bytes)).rejects.toMatchObject({ family: 'transient', code: 'blobs-io' });
  });
});
