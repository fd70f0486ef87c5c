import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BadInputError } from '../../../shared/errors.ts';
import { importModel } from '../../../shared/model/onnx/import-model.ts';
import type { OnnxModel } from '../../../shared/model/onnx/model-file.ts';
import type { WeightsBlob } from '../../../shared/model/onnx/weights.ts';

/** An ONNX file of this machine, ready to be planned and cut. */
export interface OnnxFile {
  readonly path: string;
  /** Names the model: over the file and, in order of their names, the files its weights lie in. */
  readonly hash: string;
  readonly model: OnnxModel;
  readonly weights: WeightsBlob;
}

/**
 * @throws {BadInputError} `file-unreadable`; as `importModel` for what is no model, or lacks weights
 */
export const openOnnxFile = async (path: string): Promise<OnnxFile> => {
  const bytes = await readOrRefuse(path);
  const beside = new Map<string, number>();
  const sizeOf = (location: string): number | undefined => {
    const stats = statSync(join(dirname(path), location), { throwIfNoEntry: false });
    if (!stats?.isFile()) return undefined;
    beside.set(location, stats.size);
    return stats.size;
  };
  const { model, weights } = importModel(bytes, sizeOf);
  const hash = createHash('sha256').update(bytes);
  // A stream, since these files may be larger than what fits into memory.
  for (const location of [...beside.keys()].sort()) {
    for await (const chunk of createReadStream(join(dirname(path), location))) hash.update(chunk);
  }
  return { path, hash: hash.digest('hex'), model, weights };
};

const readOrRefuse = async (path: string): Promise<Uint8Array> => {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new BadInputError('file-unreadable', `the file ${path} cannot be read`, {
      next: 'give the path of an ONNX file that exists and may be read',
      details: { path },
      cause,
    });
  }
};
