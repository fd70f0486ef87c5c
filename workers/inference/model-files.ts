import { createHash } from 'node:crypto';
import { constants, type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { readAt } from '../../shared/adapters/local/read-at.ts';
import { writeAt } from '../../shared/adapters/local/write-at.ts';
import { InvariantError, QuorateError, TransientError } from '../../shared/errors.ts';
import type { ManifestStage, WeightRange } from '../../shared/model/manifest.ts';
import type { Blobs } from '../../shared/ports/blobs.ts';

type Between = () => Promise<void>;

/** Models as files of a local folder, from which an engine loads them. */
export interface ModelFiles {
  /**
   * @param between called after each range of weights (64 MiB at most), by several at once; what it throws ends the work
   * @returns path of the stage's graph; the weights it uses lie beside it, under the name of their blob and at the
   *   blob's own offsets
   * @throws {BlobMissingError} when the model is not installed whole; {InvariantError} `weights-corrupt` when a range
   *   of weights is not what the manifest says, `blob-corrupt` for a graph; {BadInputError} `bad-range` when a range is
   *   not within its blob; {TransientError} `models-io`
   */
  open(stage: ManifestStage, between?: Between): Promise<string>;
}

/** Ranges under way at once for one stage: one stream of S3 does not fill a network. */
const LANES = 4;

/**
 * Files of models in `folder`. Each file of weights is sparse: it holds only the ranges of the stages that were opened.
 * Several threads and processes may use one folder: they write the same bytes at the same places, and each of them
 * checks everything once, so what a killed one left is completed and what is damaged is written anew.
 */
export const modelFiles = (folder: string, blobs: Blobs): ModelFiles => {
  const checked = new Map<string, Promise<void>>();

  const once = (key: string, work: () => Promise<void>): Promise<void> => {
    const started = checked.get(key) ?? work();
    checked.set(key, started);
    // Forgotten when it fails, so that the next to ask tries again.
    return started.catch((error: unknown) => {
      if (checked.get(key) === started) checked.delete(key);
      throw error;
    });
  };

  const graph = (shard: string): Promise<void> =>
    once(shard, () =>
      withFile(join(folder, `${shard}.onnx`), async (file) => {
        const there = await readAt(file, 0, (await file.stat()).size);
        if (there && sha256(there) === shard) return;
        const bytes = await blobs.get(shard);
        await writeAt(file, bytes, 0);
        await file.truncate(bytes.length);
      }),
    );

  const range = (blob: string, { offsetBytes, sizeBytes, hash }: WeightRange): Promise<void> =>
    once(`${blob}/${offsetBytes}/${sizeBytes}/${hash}`, () =>
      withFile(join(folder, blob), async (file) => {
        const there = await readAt(file, offsetBytes, sizeBytes);
        if (there && sha256(there) === hash) return;
        const bytes = await blobs.getRange(blob, offsetBytes, sizeBytes);
        const actual = sha256(bytes);
        if (actual !== hash) throw corrupt(blob, { offsetBytes, sizeBytes, hash, actual });
        await writeAt(file, bytes, offsetBytes);
      }),
    );

  const weights = async ({ blob, ranges }: NonNullable<ManifestStage['weights']>, between: Between): Promise<void> => {
    const left = ranges.values();
    // The lanes share one iterator: each takes the next range when it is done with one.
    const lane = async (): Promise<void> => {
      for (const next of left) {
        await range(blob, next);
        await between();
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  };

  return {
    open: async (stage, between = async () => {}) => {
      await asIo(mkdir(folder, { recursive: true }));
      await Promise.all([graph(stage.shard), stage.weights && weights(stage.weights, between)]);
      return join(folder, `${stage.shard}.onnx`);
    },
  };
};

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const corrupt = (blob: string, details: Readonly<Record<string, unknown>>): InvariantError =>
  new InvariantError('weights-corrupt', `a range of blob ${blob} is not what the manifest says`, {
    next: 'Install the model again, and check what holds its blobs.',
    details: { blob, ...details },
  });

/** Opens for reading and writing what may or may not be there, without emptying it. */
const withFile = async (path: string, use: (file: FileHandle) => Promise<void>): Promise<void> => {
  const file = await asIo(open(path, constants.O_RDWR | constants.O_CREAT, 0o644));
  try {
    await asIo(use(file));
  } finally {
    await file.close();
  }
};

const asIo = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof QuorateError) throw cause;
    throw new TransientError('models-io', 'the disk refused to read or write a file of a model', { cause });
  }
};
