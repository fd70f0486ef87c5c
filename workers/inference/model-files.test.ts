import { open, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Manifest } from '../../shared/model/manifest.ts';
import { BlobMissingError } from '../../shared/ports/blob-errors.ts';
import type { Blobs } from '../../shared/ports/blobs.ts';
import { replace } from '../../test/jobs/replace.ts';
import { runKnownAnswer } from './known-answer.ts';
import { modelFiles } from './model-files.ts';
import { openWorkbench, type Workbench } from './testdata/bench-worker.ts';
import { installSharedWeights, OWN, TIED, weightsBlob } from './testdata/shared-weights.ts';

let bench: Workbench;
let folder: string;
let model: string;
let stages: Manifest['stages'];
let asked: string[];
/** The workbench's blobs, with what is read of them noted. */
let blobs: Blobs;

beforeEach(async () => {
  bench = await openWorkbench();
  folder = join(bench.folder, 'files');
  const installed = await installSharedWeights(bench.worker.blobs);
  model = installed.model;
  stages = installed.manifest.stages;
  asked = [];
  const own = bench.worker.blobs;
  blobs = replace(own, {
    get: (hash) => {
      asked.push(hash);
      return own.get(hash);
    },
    getRange: (hash, offsetBytes, sizeBytes) => {
      asked.push(`${offsetBytes}+${sizeBytes}`);
      return own.getRange(hash, offsetBytes, sizeBytes);
    },
  });
});
afterEach(() => bench.close());

const stageAt = (index: number): Manifest['stages'][number] => stages[index] as Manifest['stages'][number];
const weightsPath = (): string => join(folder, stageAt(0).weights?.blob ?? '');
const name = ({ offsetBytes, sizeBytes }: typeof TIED | typeof OWN): string => `${offsetBytes}+${sizeBytes}`;
/** What a process that starts anew does. */
const openAll = async (from = blobs): Promise<void> => {
  const files = modelFiles(folder, from);
  for (const stage of stages) await files.open(stage);
};
const damage = async (path: string, at: number): Promise<void> => {
  const file = await open(path, 'r+');
  await file.write(Uint8Array.of(0xee), 0, 1, at);
  await file.close();
};

describe('the files of a model', () => {
  it('give the right answer, where two stages share a weight of a blob', async () => {
    const machine = { ...bench.worker, modelFiles: modelFiles(folder, blobs) };
    expect(await runKnownAnswer(model, machine)).toMatchObject({ equal: true });
    expect(asked.filter((what) => what.includes('+'))).toEqual([name(TIED), name(OWN)]);
  });

  it('hold only the ranges that their stages use', async () => {
    const files = modelFiles(folder, blobs);
    await files.open(stageAt(0));
    expect((await stat(weightsPath())).size).toBe(TIED.offsetBytes + TIED.sizeBytes);
    await files.open(stageAt(1));
    const { size, blocks } = await stat(weightsPath());
    expect(size).toBe(OWN.offsetBytes + OWN.sizeBytes);
    // stat counts in 512 bytes; a file system may round each range to its own blocks.
    expect(blocks * 512).toBeLessThan(TIED.sizeBytes + OWN.sizeBytes + 64 * 1024);
    const bytes = await readFile(weightsPath());
    const expected = weightsBlob().subarray(0, size);
    for (const [from, to] of [
      [0, TIED.offsetBytes],
      [TIED.offsetBytes + TIED.sizeBytes, OWN.offsetBytes],
    ] as const) {
      expected.fill(0, from, to);
    }
    expect(Buffer.compare(bytes, expected)).toBe(0);
  });

  it('are fetched once, by whichever process of the machine comes first', async () => {
    await openAll();
    const first = [...asked];
    expect(new Set(first)).toEqual(new Set([stageAt(0).shard, name(TIED), stageAt(1).shard, name(OWN)]));
    expect(first).toHaveLength(4);
    await openAll();
    expect(asked).toEqual(first);
  });

  it('are whole when many threads and processes open them at once', async () => {
    await Promise.all(Array.from({ length: 6 }, () => openAll(bench.worker.blobs)));
    await openAll();
    expect(asked).toEqual([]);
  });

  it('are completed when a killed process left a part of them', async () => {
    await openAll();
    asked = [];
    await truncate(weightsPath(), TIED.offsetBytes + 100);
    await truncate(join(folder, `${stageAt(1).shard}.onnx`), 10);
    await openAll();
    expect(asked.sort()).toEqual([name(TIED), name(OWN), stageAt(1).shard].sort());
    asked = [];
    await openAll();
    expect(asked).toEqual([]);
  });

  it('are written anew where the disk damaged them, at the next start', async () => {
    await openAll();
    asked = [];
    await damage(weightsPath(), OWN.offsetBytes + 5);
    const graph = join(folder, `${stageAt(0).shard}.onnx`);
    await writeFile(graph, `${await readFile(graph)}more`);
    await openAll();
    expect(asked).toEqual([stageAt(0).shard, name(OWN)]);
    const machine = { ...bench.worker, modelFiles: modelFiles(folder, blobs) };
    expect(await runKnownAnswer(model, machine)).toMatchObject({ equal: true });
  });

  it('refuse a range that is not what the manifest says, and take the right one later', async () => {
    let lies = true;
    const files = modelFiles(
      folder,
      replace(bench.worker.blobs, {
        getRange: async (...args) => {
          const bytes = await bench.worker.blobs.getRange(...args);
          return lies ? bytes.with(9, 0xee) : bytes;
        },
      }),
    );
    await expect(files.open(stageAt(0))).rejects.toMatchObject({ family: 'invariant', code: 'weights-corrupt' });
    lies = false;
    await files.open(stageAt(0));
    const bytes = await readFile(weightsPath());
    expect(
      Buffer.compare(bytes.subarray(TIED.offsetBytes), weightsBlob().subarray(TIED.offsetBytes, bytes.length)),
    ).toBe(0);
  });

  it('say when a blob is missing, and when a range is not within it', async () => {
    const files = modelFiles(folder, blobs);
    const weights = stageAt(0).weights;
    const [range] = weights?.ranges ?? [];
    if (!weights || !range) throw new Error('no weights');
    const absent = { ...stageAt(0), weights: { ...weights, blob: 'cd'.repeat(32) } };
    await expect(files.open(absent)).rejects.toBeInstanceOf(BlobMissingError);
    await expect(files.open({ ...stageAt(0), shard: 'cd'.repeat(32) })).rejects.toBeInstanceOf(BlobMissingError);
    const beyond = { ...weights, ranges: [{ ...range, offsetBytes: 2 ** 40 }] };
    await expect(files.open({ ...stageAt(0), weights: beyond })).rejects.toMatchObject({
      family: 'bad-input',
      code: 'bad-range',
    });
  });

  it('fail with a transient error when the disk refuses', async () => {
    await writeFile(folder, '');
    await expect(openAll()).rejects.toMatchObject({ family: 'transient', code: 'models-io' });
  });
});
