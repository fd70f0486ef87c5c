import { encodeManifest, type Manifest, runtimeClass } from '../../../shared/model/manifest.ts';
import type { Blobs } from '../../../shared/ports/blobs.ts';
import { rawDigest } from '../../../shared/protocol/digest.ts';
import { toHex } from '../../../shared/protocol/encoding.ts';

const PARTS = {
  engine: 'onnxruntime-node',
  engineVersion: '1.30.0',
  provider: 'cpu',
  optimisation: 'basic',
  intraOpThreads: 1,
  pixels: '0.35.5',
  platform: 'linux-x64',
} as const;

/** The same on every machine, so that models of tests have the same ids. */
export const TEST_RUNTIME: Manifest['runtime'] = { class: runtimeClass(PARTS), ...PARTS };

export interface BytesModel {
  readonly name: string;
  readonly maxBytes: number;
  readonly stages: Manifest['stages'];
  /** The known answer's. */
  readonly input: Uint8Array;
  readonly answer: Uint8Array;
}

/** Puts the manifest of a model that turns bytes into bytes; its stages are in `blobs` already. */
export const putBytesModel = async (
  blobs: Blobs,
  { name, maxBytes, stages, input, answer }: BytesModel,
): Promise<{ model: string; manifest: Manifest }> => {
  const manifest: Manifest = {
    format: 'quorate/manifest/v1',
    name,
    version: '1',
    licence: 'Apache-2.0',
    task: 'bytes-to-bytes',
    input: { kind: 'bytes', maxBytes },
    result: { kind: 'raw', mediaType: 'application/octet-stream' },
    runtime: TEST_RUNTIME,
    stages,
    files: [],
    price: '1000',
    rule: { exact: {} },
    toleranceForOtherClasses: 0,
    knownAnswer: { input: await blobs.put(input), sizeBytes: input.length, digest: toHex(rawDigest(answer)) },
  };
  return { model: await blobs.put(encodeManifest(manifest)), manifest };
};
