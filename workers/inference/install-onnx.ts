import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readAt } from '../../shared/adapters/local/read-at.ts';
import { BadInputError } from '../../shared/errors.ts';
import { encodeManifest, MAX_INPUT_BYTES, type Manifest } from '../../shared/model/manifest.ts';
import { type CutOptions, cutStages } from '../../shared/model/onnx/cut.ts';
import type { ByteRange } from '../../shared/model/onnx/external-data.ts';
import type { StageOfNode } from '../../shared/model/onnx/placement.ts';
import { encodeTensors, type TensorBundle } from '../../shared/model/tensors.ts';
import type { StageMachine } from './compute-stage.ts';
import type { InstalledModel } from './install-ocr.ts';
import { runKnownAnswer } from './known-answer.ts';
import type { OnnxFile } from './lab/onnx-file.ts';
import { putStages } from './put-stages.ts';
import { defaultRuntime } from './runtime.ts';

export interface OnnxTerms extends CutOptions {
  readonly stageOf: StageOfNode;
  /** One tensor for each input of the model, in its order: what the known answer is made of. */
  readonly sample: TensorBundle;
  /** How activations travel between all stages. */
  readonly transfer?: NonNullable<Manifest['stages'][number]['transfer']>;
}

/**
 * Makes an ONNX file a model: askers give its inputs as `encodeTensors` bytes, in order, and get its outputs so. The
 * known answer is what this machine computes.
 * @param machine computes it, and has the blobs that the model is put into
 * @throws {BadInputError} as `cutStages`; `shard-unloadable`, `run-failed` when the sample does not run
 */
export const installOnnx = async (machine: StageMachine, file: OnnxFile, terms: OnnxTerms): Promise<InstalledModel> => {
  const { blobs } = machine;
  const put = await putStages(
    blobs,
    file,
    (model) => cutStages(model, terms.stageOf, terms),
    (location, range) => readRange(join(dirname(file.path), location), range),
  );
  const sample = encodeTensors(terms.sample);
  const manifest: Manifest = {
    format: 'quorate/manifest/v1',
    name: basename(file.path).slice(0, 100),
    version: file.hash.slice(0, 12),
    licence: 'unknown',
    task: 'bytes-to-bytes',
    input: { kind: 'bytes', maxBytes: MAX_INPUT_BYTES },
    result: { kind: 'raw', mediaType: 'application/octet-stream' },
    runtime: defaultRuntime(),
    stages: put.map(({ shard, sizeBytes, weights }, i) => ({
      shard,
      sizeBytes,
      before: i === 0 ? 'bytes-to-bundle/v1' : null,
      after: i === put.length - 1 ? 'bundle-to-bytes/v1' : null,
      ...(terms.transfer !== undefined && i < put.length - 1 && { transfer: terms.transfer }),
      ...(weights && { weights }),
    })),
    files: [],
    price: '100000',
    rule: { exact: {} },
    toleranceForOtherClasses: 1e-4,
    knownAnswer: { input: await blobs.put(sample), sizeBytes: sample.length, digest: UNKNOWN },
  };
  const { computed } = await runKnownAnswer(await blobs.put(encodeManifest(manifest)), machine);
  const known: Manifest = { ...manifest, knownAnswer: { ...manifest.knownAnswer, digest: computed } };
  return { model: await blobs.put(encodeManifest(known)), manifest: known };
};

const UNKNOWN = '0'.repeat(64);

const readRange = async (path: string, { offsetBytes, sizeBytes }: ByteRange): Promise<Uint8Array> => {
  const file = await open(path, 'r');
  try {
    const bytes = await readAt(file, offsetBytes, sizeBytes);
    if (bytes) return bytes;
    throw new BadInputError('weights-missing', `${basename(path)} ends before byte ${offsetBytes + sizeBytes}`);
  } finally {
    await file.close();
  }
};
