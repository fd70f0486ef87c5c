import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, link, open, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeAt } from '../../../shared/adapters/local/write-at.ts';
import type { WeightsBlob } from '../../../shared/model/onnx/weights.ts';

/**
 * Puts a model's weights at `path`: as another name of the file that they are already, where there is one and both are
 * on one disk, else written piece by piece.
 * @param modelPath whose folder the pieces' own files lie in
 */
export const writeWeights = async (blob: WeightsBlob, modelPath: string, path: string): Promise<void> => {
  const [only, ...others] = blob.pieces;
  if (only && others.length === 0 && !(only.from instanceof Uint8Array) && only.sizeBytes === blob.sizeBytes) {
    if (await linked(join(dirname(modelPath), only.from.location), path)) return;
  }
  const file = await open(path, 'wx');
  try {
    for (const { offsetBytes, sizeBytes, from } of blob.pieces) {
      if (from instanceof Uint8Array) await writeAt(file, from, offsetBytes);
      else {
        const source = join(dirname(modelPath), from.location);
        await copy(
          createReadStream(source, { start: from.offsetBytes, end: from.offsetBytes + sizeBytes - 1 }),
          file,
          offsetBytes,
        );
      }
    }
    await file.truncate(blob.sizeBytes);
  } finally {
    await file.close();
  }
};

/** Of the file itself: a symbolic link of another folder may lead nowhere from here. */
const linked = async (source: string, path: string): Promise<boolean> => {
  try {
    await link(await realpath(source), path);
    return true;
  } catch {
    return false;
  }
};

const copy = async (source: AsyncIterable<Uint8Array>, file: FileHandle, offsetBytes: number): Promise<void> => {
  let at = offsetBytes;
  for await (const chunk of source) {
    await writeAt(file, chunk, at);
    at += chunk.length;
  }
};

/** SHA-256 of a part of a file, in lower-case hex. */
export const hashOf = async (
  path: string,
  range?: { readonly offsetBytes: number; readonly sizeBytes: number },
): Promise<string> => {
  const hash = createHash('sha256');
  if (range?.sizeBytes === 0) return hash.digest('hex');
  const part = range && { start: range.offsetBytes, end: range.offsetBytes + range.sizeBytes - 1 };
  for await (const chunk of createReadStream(path, part)) hash.update(chunk);
  return hash.digest('hex');
};
