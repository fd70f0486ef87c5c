import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvariantError } from '../../shared/errors.ts';
import type { Blobs } from '../../shared/ports/blobs.ts';
import { type InstalledModel, type InstallOptions, installOcrModel } from './install-ocr.ts';
import { type KnownAnswer, runKnownAnswer } from './known-answer.ts';
import { modelFiles } from './model-files.ts';
import { onnxEngine } from './onnx-engine.ts';
import { sessionCache } from './sessions.ts';

export interface TriedModel extends InstalledModel {
  /** Digest of the known answer, as this machine computed it. */
  readonly computed: string;
  /** This machine's own class. */
  readonly runtimeClass: string;
}

/**
 * A model whose known answer this machine computes: only then may a node serve it from here.
 * @throws {InvariantError} `known-answer-differs`; {BlobMissingError} when it is not installed whole
 */
export const tryModel = async (model: string, blobs: Blobs): Promise<{ computed: string; runtimeClass: string }> => {
  const answer = await answerHere(model, blobs);
  const { computed, expected, runtimeClass } = answer;
  if (answer.equal) return { computed, runtimeClass };
  throw new InvariantError('known-answer-differs', `this machine computes ${computed}, expected ${expected}`, {
    next: `serve a model made for runtime class ${runtimeClass}`,
  });
};

const answerHere = async (model: string, blobs: Blobs): Promise<KnownAnswer> => {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-try-'));
  const sessions = sessionCache(4);
  try {
    return await runKnownAnswer(model, { blobs, modelFiles: modelFiles(folder, blobs), engine: onnxEngine, sessions });
  } finally {
    await sessions.clear();
    await rm(folder, { recursive: true, force: true });
  }
};

/** Installs the recogniser and tries it. */
export const installTriedModel = async (blobs: Blobs, options: InstallOptions = {}): Promise<TriedModel> => {
  const installed = await installOcrModel(blobs, options);
  return { ...installed, ...(await tryModel(installed.model, blobs)) };
};
