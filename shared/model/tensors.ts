import { BadInputError } from '../errors.ts';
import { type TensorBytes, tensorsDigest } from '../protocol/digest.ts';
import { concat, frame, readFields, u32, utf8 } from '../protocol/encoding.ts';
import { ELEMENT_TYPES, isElementType } from './onnx/element-types.ts';

/** Tensors in an order that counts: what passes from stage to stage, and what a stage's digests are over. */
export type TensorBundle = readonly TensorBytes[];

const TAG = 'quorate/tensors/v1';
const FIELDS_PER_TENSOR = 3;

/** Error for bytes that are no bundle. */
export const tensorsDamaged = (message: string, cause?: unknown): BadInputError =>
  new BadInputError('tensors-damaged', message, {
    next: 'run the stage before again: its output did not arrive whole',
    ...(cause === undefined ? {} : { cause }),
  });

/** Bytes that a tensor of this type and shape has. @throws {BadInputError} `tensors-damaged` for unknown types */
export const tensorBytes = (dtype: string, dims: readonly number[]): number => {
  if (!isElementType(dtype)) {
    throw tensorsDamaged(
      `element type '${dtype.slice(0, 40)}' does not travel; these do: ${Object.keys(ELEMENT_TYPES).join(', ')}`,
    );
  }
  return dims.reduce((product, dim) => product * dim, ELEMENT_TYPES[dtype].bytes);
};

const assertWhole = ({ dtype, dims, data }: TensorBytes, index: number): void => {
  const expected = tensorBytes(dtype, dims);
  if (data.length !== expected) {
    throw tensorsDamaged(`tensor ${index}, ${dtype} [${dims}], has ${expected} bytes; received ${data.length}`);
  }
};

/**
 * Canonical bytes for blobs and transfer: `frame("quorate/tensors/v1", dtype, dims as u32 each, little-endian data,
 * ...)`. Always in a buffer of its own, so that a worker can hand it over without a copy.
 * @throws {BadInputError} `tensors-damaged` when a tensor's data does not fit its type and shape
 */
export const encodeTensors = (bundle: TensorBundle): Uint8Array => {
  bundle.forEach(assertWhole);
  return frame(
    TAG,
    bundle.flatMap(({ dtype, dims, data }) => [utf8(dtype), concat(dims.map(u32)), data]),
  );
};

/**
 * Reverse of {@link encodeTensors}; the data are views of `bytes`.
 * @throws {BadInputError} `tensors-damaged` for anything that {@link encodeTensors} does not give
 */
export const decodeTensors = (bytes: Uint8Array): TensorBundle => {
  let fields: Uint8Array[];
  try {
    fields = readFields(bytes);
  } catch (cause) {
    throw tensorsDamaged(`these ${bytes.length} bytes end inside a tensor`, cause);
  }
  const [tag, ...rest] = fields;
  if (tag === undefined || latin(tag) !== TAG || rest.length % FIELDS_PER_TENSOR !== 0) {
    throw tensorsDamaged(`these ${bytes.length} bytes are not a ${TAG} frame`);
  }
  return Array.from({ length: rest.length / FIELDS_PER_TENSOR }, (_, index) => {
    const [dtype, dims, data] = rest.slice(index * FIELDS_PER_TENSOR) as [Uint8Array, Uint8Array, Uint8Array];
    const tensor = { dtype: latin(dtype), dims: readDims(dims), data };
    assertWhole(tensor, index);
    return tensor;
  });
};

/** Result digest over the bundle, 32 bytes (docs/protocol.md section 1). */
export const bundleDigest = (bundle: TensorBundle): Uint8Array => tensorsDigest(bundle);

const readDims = (bytes: Uint8Array): number[] => {
  if (bytes.length % 4 !== 0) throw tensorsDamaged(`dims are 4 bytes each; received ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i));
};

// Names are ASCII; anything else stays distinguishable and is refused by name.
const latin = (bytes: Uint8Array): string => String.fromCharCode(...bytes.subarray(0, 64));

/** float32 tensor over these values. The machine must be little-endian, as all that onnxruntime supports are. */
export const float32Tensor = (dims: readonly number[], values: Float32Array): TensorBytes => ({
  dtype: 'float32',
  dims,
  data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
});

/** int32 tensor over these values. */
export const int32Tensor = (dims: readonly number[], values: Int32Array): TensorBytes => ({
  dtype: 'int32',
  dims,
  data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
});

/** Bytes at an address that typed arrays accept: the same bytes, or a copy where they start between elements. */
export const aligned = (data: Uint8Array, elementBytes: number): Uint8Array =>
  data.byteOffset % elementBytes === 0 ? data : new Uint8Array(data);

const expectType = (tensor: TensorBytes, dtype: string): void => {
  if (tensor.dtype !== dtype)
    throw tensorsDamaged(`expected a ${dtype} tensor, received ${tensor.dtype} [${tensor.dims}]`);
};

/** @throws {BadInputError} `tensors-damaged` for another element type */
export const asFloat32 = (tensor: TensorBytes): Float32Array => {
  expectType(tensor, 'float32');
  const data = aligned(tensor.data, 4);
  return new Float32Array(data.buffer, data.byteOffset, data.length / 4);
};

/** @throws {BadInputError} `tensors-damaged` for another element type */
export const asInt32 = (tensor: TensorBytes): Int32Array => {
  expectType(tensor, 'int32');
  const data = aligned(tensor.data, 4);
  return new Int32Array(data.buffer, data.byteOffset, data.length / 4);
};
