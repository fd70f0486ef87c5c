import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, open, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { floats, info, node, onnxFile } from '../../../shared/model/onnx/testdata/build.ts';
import { openOnnxFile } from './onnx-file.ts';
import { LAYER_BYTES, layeredOnnx, writeLayered } from './testdata/layered-onnx.ts';
import { hashOf, writeWeights } from './weights-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lab-files-'));
});
afterAll(() => rm(folder, { recursive: true }));

const inOne = (folder: string) =>
  writeLayered(
    folder,
    [0, 1, 2].map((layer) => ({ location: 'w.bin', offsetBytes: layer * LAYER_BYTES })),
  );
const inTwo = (folder: string) =>
  writeLayered(folder, [
    { location: 'first.bin', offsetBytes: 128 },
    { location: 'more/rest.bin', offsetBytes: LAYER_BYTES },
    { location: 'more/rest.bin', offsetBytes: 0 },
  ]);

describe('the hash of a model', () => {
  it('covers every file that its weights lie in', async () => {
    const path = await inTwo(join(folder, 'hash'));
    const { hash } = await openOnnxFile(path);
    expect((await openOnnxFile(path)).hash).toBe(hash);
    for (const name of ['first.bin', 'more/rest.bin', 'layered.onnx']) {
      await cp(join(folder, 'hash'), join(folder, name.replace('/', '-')), { recursive: true });
      const changed = join(folder, name.replace('/', '-'), name);
      const bytes = await readFile(changed);
      const at = name === 'layered.onnx' ? bytes.indexOf('quorate tests') : bytes.length - 1;
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      await writeFile(changed, bytes);
      const other = await openOnnxFile(join(folder, name.replace('/', '-'), 'layered.onnx'));
      expect(other.hash).not.toBe(hash);
    }
  });

  it('is that of the file where its weights are inside', async () => {
    const path = join(folder, 'inside.onnx');
    await writeFile(path, layeredOnnx());
    expect((await openOnnxFile(path)).hash).toBe(createHash('sha256').update(layeredOnnx()).digest('hex'));
  });
});

describe('weights', () => {
  const written = async (path: string, to: string): Promise<Buffer> => {
    const { weights } = await openOnnxFile(path);
    await writeWeights(weights, path, join(folder, to));
    const bytes = await readFile(join(folder, to));
    expect(bytes.length).toBe(weights.sizeBytes);
    return bytes;
  };

  it('that are one file become another name of it, through a symbolic link too', async () => {
    const path = await inOne(join(folder, 'one'));
    const source = join(folder, 'one', 'w.bin');
    await written(path, 'linked.bin');
    expect((await stat(join(folder, 'linked.bin'))).ino).toBe((await stat(source)).ino);

    await mkdir(join(folder, 'cache'));
    await cp(path, join(folder, 'cache', 'layered.onnx'));
    await symlink('../one/w.bin', join(folder, 'cache', 'w.bin'));
    await mkdir(join(folder, 'elsewhere'));
    await written(join(folder, 'cache', 'layered.onnx'), 'elsewhere/linked.bin');
    expect((await stat(join(folder, 'elsewhere', 'linked.bin'))).ino).toBe((await stat(source)).ino);
  });

  it('in several files, or inside, are written one after the other', async () => {
    const inside = join(folder, 'own.onnx');
    await writeFile(inside, layeredOnnx());
    const expected = await written(inside, 'inside.bin');
    expect(expected.length).toBe(3 * LAYER_BYTES);
    expect(await written(await inTwo(join(folder, 'two')), 'joined.bin')).toEqual(expected);
  });

  it('larger than any buffer are linked, and a part of them is hashed alone', async () => {
    const path = await inOne(join(folder, 'large'));
    const sizeBytes = 2 ** 31 + 2 ** 20;
    await truncate(join(folder, 'large', 'w.bin'), sizeBytes);
    // Not opened, since the hash over all of it takes seconds.
    const whole = { offsetBytes: 0, sizeBytes, from: { location: 'w.bin', offsetBytes: 0 } };
    await writeWeights({ sizeBytes, pieces: [whole] }, path, join(folder, 'large.bin'));
    expect((await stat(join(folder, 'large.bin'))).size).toBe(sizeBytes);
    const end = await hashOf(join(folder, 'large.bin'), { offsetBytes: 2 ** 31, sizeBytes: 5 });
    expect(end).toBe(createHash('sha256').update(new Uint8Array(5)).digest('hex'));
  });

  it('of none are an empty file', async () => {
    const path = join(folder, 'none.onnx');
    const file = onnxFile({
      node: [node('Add', ['x', 'w'], 'y')],
      initializer: [floats('w', [1])],
      input: [info('x')],
      output: [info('y')],
    });
    await writeFile(path, file);
    expect(await written(path, 'none.bin')).toHaveLength(0);
  });

  it('do not overwrite a file', async () => {
    const path = await inTwo(join(folder, 'kept'));
    await (await open(join(folder, 'taken.bin'), 'w')).close();
    const { weights } = await openOnnxFile(path);
    await expect(writeWeights(weights, path, join(folder, 'taken.bin'))).rejects.toMatchObject({ code: 'EEXIST' });
  });
});

describe('the hash of a part of a file', () => {
  it('is over just these bytes, and over nothing for an empty part', async () => {
    const path = join(folder, 'part');
    await writeFile(path, 'abcdef');
    const sha = (text: string) => createHash('sha256').update(text).digest('hex');
    expect(await hashOf(path)).toBe(sha('abcdef'));
    expect(await hashOf(path, { offsetBytes: 1, sizeBytes: 3 })).toBe(sha('bcd'));
    expect(await hashOf(path, { offsetBytes: 1, sizeBytes: 0 })).toBe(sha(''));
  });
});
