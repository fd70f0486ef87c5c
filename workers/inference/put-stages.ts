import { MAX_RANGE_BYTES, type Manifest, type WeightRange } from '../../shared/model/manifest.ts';
import type { ModelStage } from '../../shared/model/onnx/cut.ts';
import type { ByteRange } from '../../shared/model/onnx/external-data.ts';
import type { OnnxModel } from '../../shared/model/onnx/model-file.ts';
import { type WeightsBlob, withWeightsFile } from '../../shared/model/onnx/weights.ts';
import type { Blobs } from '../../shared/ports/blobs.ts';
import { toHex } from '../../shared/protocol/encoding.ts';
import { sha256 } from '../../shared/protocol/sha2.ts';

export interface ImportedModel {
  readonly model: OnnxModel;
  readonly weights: WeightsBlob;
}

/** What a manifest says of a stage's graph. */
export type PutStage = Pick<Manifest['stages'][number], 'shard' | 'sizeBytes' | 'weights'>;

/**
 * Puts a model's weights and the graphs of its stages into `blobs`. Graphs name the weights by their hash, so the hash
 * of a graph covers them too.
 * @param cut gives the stages of the model as named so
 * @param read a part of a file beside the model's, for weights that lie there; weights are held in memory whole
 */
export const putStages = async (
  blobs: Blobs,
  { model, weights }: ImportedModel,
  cut: (model: OnnxModel) => readonly ModelStage[],
  read: (location: string, range: ByteRange) => Promise<Uint8Array> = () => Promise.reject(new TypeError('no folder')),
): Promise<PutStage[]> => {
  const bytes = new Uint8Array(weights.sizeBytes);
  for (const { offsetBytes, sizeBytes, from } of weights.pieces) {
    const piece =
      from instanceof Uint8Array ? from : await read(from.location, { offsetBytes: from.offsetBytes, sizeBytes });
    bytes.set(piece, offsetBytes);
  }
  const blob = bytes.length === 0 ? undefined : await blobs.put(bytes);
  const stages = cut(blob === undefined ? model : withWeightsFile(model, blob));
  return Promise.all(
    stages.map(async ({ graph, ranges }) => ({
      shard: await blobs.put(graph),
      sizeBytes: graph.length,
      ...(blob !== undefined &&
        ranges.length > 0 && { weights: { blob, ranges: ranges.flatMap((r) => parts(bytes, r)) } }),
    })),
  );
};

/** A range as pieces that a worker can check one at a time. */
const parts = (bytes: Uint8Array, { offsetBytes, sizeBytes }: ByteRange): WeightRange[] =>
  Array.from({ length: Math.ceil(sizeBytes / MAX_RANGE_BYTES) }, (_, i) => {
    const from = offsetBytes + i * MAX_RANGE_BYTES;
    const size = Math.min(MAX_RANGE_BYTES, offsetBytes + sizeBytes - from);
    return { offsetBytes: from, sizeBytes: size, hash: toHex(sha256(bytes.subarray(from, from + size))) };
  });
