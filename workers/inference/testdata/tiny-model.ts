import { create, toBinary } from '@bufbuild/protobuf';
import { encodeManifest, type Manifest, runtimeClass } from '../../../shared/model/manifest.ts';
import { type BoundaryTensor, cutAt } from '../../../shared/model/onnx/cut.ts';
import { ModelProtoSchema, type NodeProto, NodeProtoSchema } from '../../../shared/model/onnx/onnx_pb.ts';
import type { Blobs } from '../../../shared/ports/blobs.ts';
import { rawDigest } from '../../../shared/protocol/digest.ts';
import { toHex } from '../../../shared/protocol/encoding.ts';

/**
 * A real model that runs in a fraction of a millisecond, for simulations of crashes: each byte x becomes (5 * (3 * x +
 * 7) + 1) mod 256, in two stages cut between the two linear steps. All numbers stay below 2^24, so float32 is exact.
 */
export const tinyAnswer = (input: Uint8Array): Uint8Array => input.map((x) => (5 * (3 * x + 7) + 1) % 256);

export const TINY_CUT = 'y';

const FLOAT = 1;
const UINT8 = 2;
const INT_ATTRIBUTE = 2;

const node = (opType: string, input: string[], output: string, attribute: Record<string, number> = {}): NodeProto =>
  create(NodeProtoSchema, {
    opType,
    input,
    output: [output],
    attribute: Object.entries(attribute).map(([name, i]) => ({ name, i: String(i), type: INT_ATTRIBUTE })),
  });

const scalar = (name: string, value: number) => ({
  name,
  dims: ['1'],
  dataType: FLOAT,
  rawData: new Uint8Array(Float32Array.of(value).buffer),
});

const info = (name: string, elemType: number) => ({
  name,
  type: { tensorType: { elemType, shape: { dim: [{ dimValue: '1' }, { dimParam: 'bytes' }] } } },
});

/** The whole model as one ONNX file. */
export const tinyOnnx = (): Uint8Array =>
  toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: '8',
      producerName: 'quorate tests',
      opsetImport: [{ domain: '', version: '13' }],
      graph: {
        name: 'tiny',
        node: [
          node('Cast', ['bytes_in'], 'x', { to: FLOAT }),
          node('Mul', ['x', 'three'], 'x3'),
          node('Add', ['x3', 'seven'], 'y'),
          node('Mul', ['y', 'five'], 'y5'),
          node('Add', ['y5', 'one'], 'z'),
          node('Mod', ['z', 'wrap'], 'wrapped', { fmod: 1 }),
          node('Cast', ['wrapped'], 'bytes_out', { to: UINT8 }),
        ],
        initializer: [scalar('three', 3), scalar('seven', 7), scalar('five', 5), scalar('one', 1), scalar('wrap', 256)],
        input: [info('bytes_in', UINT8)],
        output: [info('bytes_out', UINT8)],
        valueInfo: [info('y', FLOAT)],
      },
    }),
  );

const RUNTIME = {
  engine: 'onnxruntime-node',
  engineVersion: '1.30.0',
  provider: 'cpu',
  optimisation: 'basic',
  intraOpThreads: 1,
  pixels: '0.35.5',
  platform: 'linux-x64',
} as const;

/** Where it can be cut, in order: after each step of its own. */
export const TINY_CUTS: readonly BoundaryTensor[] = ['x', 'y', 'z'].map((name) => ({
  name,
  dtype: 'float32',
  dims: [1, 'bytes'],
}));

/** The model in as many parts as there are cuts, and one. */
const shards = (cuts: readonly (string | BoundaryTensor)[]): Uint8Array[] => {
  const parts: Uint8Array[] = [];
  let rest = tinyOnnx();
  for (const cut of cuts) {
    const { first, second } = cutAt(rest, [cut]);
    parts.push(first);
    rest = second;
  }
  return [...parts, rest];
};

/** Puts the model into `blobs`, in two stages unless other cuts are given, as installOcrModel does with the real one. */
export const installTinyModel = async (
  blobs: Blobs,
  cuts: readonly (string | BoundaryTensor)[] = [TINY_CUT],
): Promise<{ model: string; manifest: Manifest }> => {
  const parts = shards(cuts);
  const input = Uint8Array.from({ length: 256 }, (_, i) => i);
  const manifest: Manifest = {
    format: 'quorate/manifest/v1',
    name: 'tiny',
    version: '1',
    licence: 'Apache-2.0',
    task: 'bytes-to-bytes',
    input: { kind: 'bytes', maxBytes: 4096 },
    result: { kind: 'raw', mediaType: 'application/octet-stream' },
    runtime: { class: runtimeClass(RUNTIME), ...RUNTIME },
    stages: await Promise.all(
      parts.map(async (part, i) => ({
        shard: await blobs.put(part),
        sizeBytes: part.length,
        before: i === 0 ? ('bytes-to-tensor/v1' as const) : null,
        after: i === parts.length - 1 ? ('tensor-to-bytes/v1' as const) : null,
      })),
    ),
    files: [],
    price: '1000',
    rule: { exact: {} },
    toleranceForOtherClasses: 0,
    knownAnswer: {
      input: await blobs.put(input),
      sizeBytes: input.length,
      digest: toHex(rawDigest(tinyAnswer(input))),
    },
  };
  return { model: await blobs.put(encodeManifest(manifest)), manifest };
};
