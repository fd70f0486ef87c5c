import type { Manifest } from '../../../shared/model/manifest.ts';
import { openModel } from '../../../shared/model/onnx/import-model.ts';
import { type BoundaryTensor, stagesAt } from '../../../shared/model/onnx/stages-at.ts';
import { TINY_CUTS, tinyOnnx } from '../../../shared/model/onnx/testdata/tiny-onnx.ts';
import type { Blobs } from '../../../shared/ports/blobs.ts';
import { putBytesModel } from './bytes-model.ts';

/**
 * A real model that runs in a fraction of a millisecond, for simulations of crashes: each byte x becomes (5 * (3 * x +
 * 7) + 1) mod 256, in two stages cut between the two linear steps. All numbers stay below 2^24, so float32 is exact.
 */
export const tinyAnswer = (input: Uint8Array): Uint8Array => input.map((x) => (5 * (3 * x + 7) + 1) % 256);

/** Puts the model into `blobs`, in two stages unless other cuts are given, as installOcrModel does with the real one. */
export const installTinyModel = async (
  blobs: Blobs,
  cuts: readonly BoundaryTensor[] = TINY_CUTS.slice(1, 2),
): Promise<{ model: string; manifest: Manifest }> => {
  const parts = stagesAt(
    openModel(tinyOnnx()),
    cuts.map((cut) => [cut]),
  ).map((stage) => stage.graph);
  const input = Uint8Array.from({ length: 256 }, (_, i) => i);
  return putBytesModel(blobs, {
    name: 'tiny',
    maxBytes: 4096,
    stages: await Promise.all(
      parts.map(async (part, i) => ({
        shard: await blobs.put(part),
        sizeBytes: part.length,
        before: i === 0 ? ('bytes-to-tensor/v1' as const) : null,
        after: i === parts.length - 1 ? ('tensor-to-bytes/v1' as const) : null,
      })),
    ),
    input,
    answer: tinyAnswer(input),
  });
};
