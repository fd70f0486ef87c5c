import { createHash } from 'node:crypto';
import { create, toBinary, type UnknownField } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Manifest } from '../../../shared/model/manifest.ts';
import { ModelProtoSchema, NodeProtoSchema, TensorProtoSchema } from '../../../shared/model/onnx/onnx_pb.ts';
import type { Blobs } from '../../../shared/ports/blobs.ts';
import { putBytesModel } from './bytes-model.ts';

/**
 * A model whose two stages share a weight, in a blob with much between that no stage uses. Each byte of 256 moves two
 * places on, then has its place's number added: one multiplication by a permutation in each stage, the same weight,
 * then one addition in the last.
 */
export const WIDTH = 256;
export const sharedAnswer = (input: Uint8Array): Uint8Array =>
  input.map((_, i) => ((input.at((i - 2) % WIDTH) ?? 0) + i) % 256);

const GAP_BYTES = 1 << 20;
const FLOAT = 1;
const UINT8 = 2;

const shift = new Float32Array(WIDTH * WIDTH);
const places = Float32Array.from({ length: WIDTH }, (_, i) => i);
for (const from of places) shift[from * WIDTH + ((from + 1) % WIDTH)] = 1;

/** Where both weights lie in the blob. */
export const TIED = { offsetBytes: GAP_BYTES, sizeBytes: shift.byteLength } as const;
export const OWN = { offsetBytes: 3 * GAP_BYTES, sizeBytes: places.byteLength } as const;

/** The weights with a gap of ones before, between and after. */
export const weightsBlob = (): Uint8Array => {
  const blob = new Uint8Array(4 * GAP_BYTES).fill(1);
  blob.set(new Uint8Array(shift.buffer), TIED.offsetBytes);
  blob.set(new Uint8Array(places.buffer), OWN.offsetBytes);
  return blob;
};

const unknownText = (no: number, pairs: Readonly<Record<string, string>>): UnknownField[] =>
  Object.entries(pairs).map(([key, value]) => {
    const entry = new BinaryWriter().tag(1, WireType.LengthDelimited).string(key);
    const bytes = entry.tag(2, WireType.LengthDelimited).string(value).finish();
    return { no, wireType: WireType.LengthDelimited, data: new BinaryWriter().bytes(bytes).finish() };
  });

/** TensorProto with its fields external_data (13) and data_location (14) = EXTERNAL. */
const external = (name: string, dims: number[], location: string, at: typeof TIED | typeof OWN) => {
  const tensor = create(TensorProtoSchema, { name, dims: dims.map(String), dataType: FLOAT });
  const data = { location, offset: String(at.offsetBytes), length: String(at.sizeBytes) };
  tensor.$unknown = [...unknownText(13, data), { no: 14, wireType: WireType.Varint, data: Uint8Array.of(1) }];
  return tensor;
};

const node = (opType: string, input: string[], output: string, to?: number) =>
  create(NodeProtoSchema, {
    opType,
    input,
    output: [output],
    attribute: to === undefined ? [] : [{ name: 'to', i: String(to), type: 2 }],
  });

const info = (name: string, elemType: number) => ({
  name,
  type: { tensorType: { elemType, shape: { dim: [{ dimValue: '1' }, { dimValue: String(WIDTH) }] } } },
});

type Graph = Parameters<typeof create<typeof ModelProtoSchema>>[1];
const onnx = (graph: NonNullable<NonNullable<Graph>['graph']>): Uint8Array =>
  toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, { irVersion: '8', opsetImport: [{ domain: '', version: '13' }], graph }),
  );

/** Graphs of the two stages, with weights in the blob of this name. */
export const sharedGraphs = (blob: string): readonly [Uint8Array, Uint8Array] => {
  const tied = external('tied', [WIDTH, WIDTH], blob, TIED);
  return [
    onnx({
      name: 'first',
      node: [node('Cast', ['bytes_in'], 'x', FLOAT), node('MatMul', ['x', 'tied'], 'y')],
      initializer: [tied],
      input: [info('bytes_in', UINT8)],
      output: [info('y', FLOAT)],
    }),
    onnx({
      name: 'second',
      node: [
        node('MatMul', ['y', 'tied'], 'moved'),
        node('Add', ['moved', 'own'], 'sum'),
        node('Cast', ['sum'], 'whole', 6),
        node('Mod', ['whole', 'wrap'], 'wrapped'),
        node('Cast', ['wrapped'], 'bytes_out', UINT8),
      ],
      initializer: [
        tied,
        external('own', [WIDTH], blob, OWN),
        { name: 'wrap', dims: ['1'], dataType: 6, rawData: new Uint8Array(Int32Array.of(256).buffer) },
      ],
      input: [info('y', FLOAT)],
      output: [info('bytes_out', UINT8)],
    }),
  ];
};

export const installSharedWeights = async (blobs: Blobs): Promise<{ model: string; manifest: Manifest }> => {
  const weights = weightsBlob();
  const blob = await blobs.put(weights);
  const range = ({ offsetBytes, sizeBytes }: typeof TIED | typeof OWN) => {
    const bytes = weights.subarray(offsetBytes, offsetBytes + sizeBytes);
    return { offsetBytes, sizeBytes, hash: createHash('sha256').update(bytes).digest('hex') };
  };
  const [first, second] = sharedGraphs(blob);
  const input = Uint8Array.from({ length: WIDTH }, (_, i) => (i * 7) % 256);
  return putBytesModel(blobs, {
    name: 'shared-weights',
    maxBytes: WIDTH,
    stages: [
      {
        shard: await blobs.put(first),
        sizeBytes: first.length,
        before: 'bytes-to-tensor/v1',
        after: null,
        weights: { blob, ranges: [range(TIED)] },
      },
      {
        shard: await blobs.put(second),
        sizeBytes: second.length,
        before: null,
        after: 'tensor-to-bytes/v1',
        weights: { blob, ranges: [range(TIED), range(OWN)] },
      },
    ],
    input,
    answer: sharedAnswer(input),
  });
};
