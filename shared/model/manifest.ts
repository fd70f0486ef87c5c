import { z } from 'zod';
import { BadInputError } from '../errors.ts';
import { toHex } from '../protocol/encoding.ts';
import { sha256 } from '../protocol/sha2.ts';
import { TRANSFERS } from './transfer/transfer.ts';

const MIB = 1024 * 1024;
const hash = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits');
const sizeBytes = z.int().nonnegative();
const codec = z.string().regex(/^[a-z0-9-]+\/v[0-9]+$/, "expected a codec id such as 'ctc-to-text/v1'");

/** Media types of images that the backend decodes. */
export const IMAGE_TYPES = ['image/png', 'image/jpeg', 'image/webp'] as const;
export const MAX_INPUT_BYTES = 4 * MIB;
/** A worker holds a range in memory to check it. */
export const MAX_RANGE_BYTES = 64 * MIB;
const MAX_RANGES = 1024;

const Input = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('image'),
    mediaTypes: z.array(z.enum(IMAGE_TYPES)).min(1),
    maxBytes: z.int().positive().max(MAX_INPUT_BYTES),
    maxPixels: z.int().positive(),
  }),
  z.strictObject({ kind: z.literal('bytes'), maxBytes: z.int().positive().max(MAX_INPUT_BYTES) }),
]);

const RuntimeParts = z.strictObject({
  engine: z.literal('onnxruntime-node'),
  engineVersion: z.string().min(1),
  provider: z.literal('cpu'),
  optimisation: z.enum(['disabled', 'basic', 'extended', 'all']),
  intraOpThreads: z.int().positive(),
  /** Version of sharp, which decodes and scales pixels. */
  pixels: z.string().min(1),
  platform: z.string().min(1),
});

/** Everything that decides the bytes a graph gives, as one text: equal classes give equal bytes. */
export const runtimeClass = (r: z.infer<typeof RuntimeParts>): string =>
  `${r.engine}-${r.engineVersion}/${r.provider}/${r.optimisation}/threads-${r.intraOpThreads}/sharp-${r.pixels}/${r.platform}`;

const Runtime = z
  .strictObject({ class: z.string(), ...RuntimeParts.shape })
  .refine((r) => r.class === runtimeClass(r), {
    path: ['class'],
    error: 'expected the class that the other fields make',
  });

const Range = z.strictObject({ offsetBytes: sizeBytes, sizeBytes: sizeBytes.positive().max(MAX_RANGE_BYTES), hash });

/**
 * What a stage uses of a blob of weights; its graph names the blob's hash as the location of external data, with the
 * blob's own offsets. Stages may share a blob and ranges of it.
 */
const Weights = z.strictObject({
  blob: hash,
  /** `hash` is the range's own SHA-256. */
  ranges: z
    .array(Range)
    .min(1)
    .max(MAX_RANGES)
    .refine((ranges) => ranges.every(({ offsetBytes }, i) => i === 0 || offsetBytes >= endOf(ranges[i - 1])), {
      error: 'expected ranges in order of their offsets that do not overlap',
    }),
});

const endOf = (range: z.infer<typeof Range> | undefined): number => (range ? range.offsetBytes + range.sizeBytes : 0);

const Stage = z.strictObject({
  shard: hash,
  sizeBytes,
  before: codec.nullable(),
  after: codec.nullable(),
  /** How the stage's output travels to the next; absent for as it is. Digests are over what is sent. */
  transfer: z.enum(TRANSFERS).exactOptional(),
  /** Absent when the shard holds its weights itself. */
  weights: Weights.exactOptional(),
});

/** An immutable model: its graph's shards in order, how to run them, what it costs. Named by {@link modelId}. */
export const Manifest = z.strictObject({
  format: z.literal('quorate/manifest/v1'),
  name: z.string().min(1).max(100),
  version: z.string().min(1).max(40),
  licence: z.string().min(1).max(100),
  task: z.enum(['image-to-text', 'bytes-to-bytes']),
  input: Input,
  result: z.strictObject({ kind: z.literal('raw'), mediaType: z.string().min(1) }),
  /** Class in which the known answer and the shards' bytes were made. */
  runtime: Runtime,
  /**
   * `before` turns the stage's input into the graph's feeds, `after` its outputs into the stage's output; null hands
   * on as it is.
   */
  stages: z
    .array(Stage)
    .min(1)
    .max(64)
    .refine((stages) => stages.at(-1)?.transfer === undefined, {
      error: 'the last stage gives the result, which travels as it is: expected no transfer',
    }),
  /** Files that codecs read, such as a list of characters. */
  files: z.array(z.strictObject({ name: z.string().min(1), hash, sizeBytes })),
  /** Price of one seat in unes. */
  price: z.string().regex(/^(0|[1-9][0-9]{0,37})$/, 'expected a whole number of unes in decimal digits'),
  rule: z.strictObject({ exact: z.strictObject({}) }),
  /** Largest difference of one number that runs of other runtime classes may show. */
  toleranceForOtherClasses: z.number().nonnegative(),
  /** A node serves the model only after this input gave this digest on its own machine. */
  knownAnswer: z.strictObject({ input: hash, sizeBytes, digest: hash }),
});
export type Manifest = z.infer<typeof Manifest>;
export type ManifestRuntime = Manifest['runtime'];
export type ManifestInput = Manifest['input'];
export type ManifestStage = z.infer<typeof Stage>;
export type WeightRange = z.infer<typeof Range>;

const refuse = (code: string, message: string, next: string, cause?: unknown): BadInputError =>
  new BadInputError(code, message, { next, ...(cause === undefined ? {} : { cause }) });

const check = (value: unknown): Manifest => {
  const result = Manifest.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join('.') || 'the whole';
  throw refuse(
    'manifest-invalid',
    `manifest field ${field}: ${issue?.message.toLowerCase() ?? 'not valid'}`,
    'correct this field',
    result.error,
  );
};

/**
 * Canonical bytes: JSON in UTF-8, without spaces, keys in the order of {@link Manifest}. So equal manifests have equal
 * bytes and one id.
 * @throws {BadInputError} `manifest-invalid`, naming the field
 */
export const encodeManifest = (manifest: Manifest): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(check(manifest)));

/**
 * @throws {BadInputError} `manifest-invalid`, naming the field; `manifest-not-canonical` when the bytes are not those
 *   of {@link encodeManifest}, so that one manifest cannot have two ids
 */
export const parseManifest = (bytes: Uint8Array): Manifest => {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw refuse(
      'manifest-invalid',
      `these ${bytes.length} bytes are not JSON in UTF-8`,
      'give the bytes of a manifest',
      cause,
    );
  }
  const manifest = check(value);
  if (JSON.stringify(manifest) !== text) {
    throw refuse(
      'manifest-not-canonical',
      'the manifest is valid, but its bytes are not the canonical ones',
      'encode it again with encodeManifest',
    );
  }
  return manifest;
};

/** SHA-256 of the manifest's bytes in lower-case hex: the model's name everywhere. */
export const modelId = (manifestBytes: Uint8Array): string => toHex(sha256(manifestBytes));
