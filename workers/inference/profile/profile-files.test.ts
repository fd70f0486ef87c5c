import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tinyOnnx } from '../../../shared/model/onnx/testdata/tiny-onnx.ts';
import { profileKey } from '../../../shared/model/profile.ts';
import { defaultRuntime } from '../runtime.ts';
import { openProfileFiles, storedProfile } from './profile-files.ts';

const HASH = 'ab'.repeat(32);
const runtime = defaultRuntime();
const options = { dims: { bytes: 8 }, runs: 1 };
const key = profileKey(HASH, runtime.class, options.dims);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quorate-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

const stored = (source = { bytes: tinyOnnx() }) =>
  storedProfile(openProfileFiles(folder), HASH, source, runtime, options);

describe('stored profiles', () => {
  it('are measured once', async () => {
    const first = await stored();
    expect(first).toMatchObject({ how: 'measured', inputs: { bytes_in: { dtype: 'uint8', dims: [1, 8] } } });
    expect(await stored({ bytes: new Uint8Array() })).toEqual(first);
    expect(await readdir(folder)).toEqual([`${key}.json`]);
  });

  it('are measured again when the file is damaged', async () => {
    await stored();
    const path = join(folder, `${key}.json`);
    const whole = await readFile(path);
    await writeFile(path, whole.subarray(0, whole.length / 2));
    const files = openProfileFiles(folder);
    expect(await files.read(key)).toBeUndefined();
    const again = await stored();
    expect(await files.read(key)).toEqual(again);
  });

  it('of another model are not taken for this one', async () => {
    const first = await stored();
    await openProfileFiles(folder).write(key, { ...first, modelHash: 'cd'.repeat(32) });
    expect((await stored()).modelHash).toBe(HASH);
  });

  it('are not there in a folder that is not there', async () => {
    expect(await openProfileFiles(join(folder, 'none')).read(key)).toBeUndefined();
  });
});
