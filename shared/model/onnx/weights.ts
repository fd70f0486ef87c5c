import {
  assertPresent,
  type ByteRange,
  type ExternalData,
  externalData,
  type FileSize,
  withExternalData,
} from './external-data.ts';
import { mapTensors, tensorsOf } from './map-tensors.ts';
import type { OnnxModel } from './model-file.ts';
import type { GraphProto, TensorProto } from './onnx_pb.ts';

/** Name of the weights file that all graphs of a model refer to; it lies beside them. */
export const WEIGHTS_FILE = 'weights.bin';

/** Smaller ones stay in the graph: shapes among them, which the runtime reads while it infers shapes. */
const MIN_BLOB_BYTES = 1024;
/** Cache lines, and vectors of 512 bits: the alignment that runtimes ask for. */
const ALIGNMENT_BYTES = 64;

/** A part of the blob and where its bytes are: here, or in a file beside the model's. Bytes between parts are zero. */
export interface WeightPiece extends ByteRange {
  readonly from: Uint8Array | { readonly location: string; readonly offsetBytes: number };
}

/** The big weights of a model as one file, {@link WEIGHTS_FILE}. */
export interface WeightsBlob {
  readonly sizeBytes: number;
  /** In order of offset. One piece that is a whole file: that file is the blob. */
  readonly pieces: readonly WeightPiece[];
}

/**
 * Moves initialisers of 1 KiB and more into one blob, each at a multiple of 64 bytes. When all data outside the file
 * lie in one other file, that file is the blob as it is, so that nothing is read or copied; what is inside stays inside.
 * @param fileSize sizes of the files beside the model's
 * @throws {BadInputError} `onnx-external-path`, `weights-missing`, `tensor-damaged`, each naming the tensor
 */
export const moveWeights = (
  { model, graph }: OnnxModel,
  fileSize: FileSize,
): { readonly model: OnnxModel; readonly weights: WeightsBlob } => {
  const files = new Map<string, number>();
  for (const tensor of tensorsOf(graph)) {
    const data = externalData(tensor);
    if (data) files.set(data.location, assertPresent(tensor, data, fileSize));
  }
  const [only, ...others] = files;
  const moved = only && others.length === 0 ? keepFile(graph, ...only) : collect(graph);
  return { model: { model, graph: moved.graph }, weights: moved.weights };
};

/** The model with another name of its weights file, such as the hash of its bytes. */
export const withWeightsFile = ({ model, graph }: OnnxModel, location: string): OnnxModel => ({
  model,
  graph: mapTensors(graph, (tensor) => {
    const data = externalData(tensor);
    return data ? withExternalData(tensor, { ...data, location }) : tensor;
  }),
});

type Moved = { readonly graph: GraphProto; readonly weights: WeightsBlob };

const keepFile = (graph: GraphProto, location: string, sizeBytes: number): Moved => ({
  graph: mapTensors(graph, (tensor) => {
    const data = externalData(tensor);
    return data ? withExternalData(tensor, { ...data, location: WEIGHTS_FILE }) : tensor;
  }),
  weights: { sizeBytes, pieces: [{ offsetBytes: 0, sizeBytes, from: { location, offsetBytes: 0 } }] },
});

const collect = (graph: GraphProto): Moved => {
  const pieces = new Map<unknown, WeightPiece>();
  let end = 0;
  const place = (key: unknown, from: WeightPiece['from'], sizeBytes: number): ExternalData => {
    const known = pieces.get(key);
    const offsetBytes = known?.offsetBytes ?? Math.ceil(end / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    if (!known) {
      pieces.set(key, { offsetBytes, sizeBytes, from });
      end = offsetBytes + sizeBytes;
    }
    return { location: WEIGHTS_FILE, offsetBytes, sizeBytes };
  };
  const moved = mapTensors(graph, (tensor, where) => {
    const data = externalData(tensor);
    if (data) return withExternalData(tensor, place(JSON.stringify(data), data, data.sizeBytes));
    if (where === 'other' || tensor.rawData.length < MIN_BLOB_BYTES) return tensor;
    return withExternalData(tensor, place(tensor, tensor.rawData, tensor.rawData.length));
  });
  return { graph: moved, weights: { sizeBytes: end, pieces: [...pieces.values()] } };
};

/**
 * Parts of the blob that these graphs use, in order, those closer than the alignment as one.
 * @throws {BadInputError} as {@link externalData}
 */
export const rangesOf = (tensors: readonly TensorProto[]): ByteRange[] => {
  const used = tensors.flatMap((t) => externalData(t) ?? []).sort((a, b) => a.offsetBytes - b.offsetBytes);
  const ranges: { offsetBytes: number; sizeBytes: number }[] = [];
  for (const { offsetBytes, sizeBytes } of used) {
    const last = ranges.at(-1);
    const lastEnd = last ? last.offsetBytes + last.sizeBytes : 0;
    if (last && offsetBytes < lastEnd + ALIGNMENT_BYTES) {
      last.sizeBytes = Math.max(lastEnd, offsetBytes + sizeBytes) - last.offsetBytes;
    } else if (sizeBytes > 0) {
      ranges.push({ offsetBytes, sizeBytes });
    }
  }
  return ranges;
};
