import type { TensorBytes } from '../../protocol/digest.ts';
import { float32Tensor } from '../tensors.ts';
import { type Box, bgrPlanes, type RgbImage } from './pixels.ts';
import { regionsAbove } from './regions.ts';

/**
 * Before and after PaddleOCR's text detector (DB, "Differentiable Binarization"). Constants without another source are
 * the defaults of PaddleOCR 2.7: tools/infer/utility.py (det_limit_side_len, det_db_*) and
 * ppocr/postprocess/db_postprocess.py.
 */

/**
 * det_limit_side_len with det_limit_type 'max': larger images are scaled down so that the longer side has this
 * length.
 */
const LONGEST_SIDE_PIXELS = 960;
/** The network halves its input five times: DetResizeForTest rounds both sides to multiples of 2^5. */
const SIDE_MULTIPLE_PIXELS = 32;
/** NormalizeImage of the detector, in the order blue, green, red: ImageNet's numbers, as the model was trained. */
const MEAN = [0.485, 0.456, 0.406] as const;
const DEVIATION = [0.229, 0.224, 0.225] as const;
/** det_db_thresh: a cell with a higher probability is text. */
const CELL_THRESHOLD = 0.3;
/** det_db_box_thresh, on the mean over the region's own cells (det_db_score_mode 'slow'). */
const REGION_THRESHOLD = 0.6;
/** det_db_unclip_ratio: the network is trained on shrunk text, which is grown again by area * ratio / perimeter. */
const UNCLIP_RATIO = 1.5;
/** min_size: the shorter side of a region, and of the grown box less 2. */
const SMALLEST_SIDE_CELLS = 3;

const side = (pixels: number, scale: number): number =>
  Math.max(SIDE_MULTIPLE_PIXELS, Math.round((pixels * scale) / SIDE_MULTIPLE_PIXELS) * SIDE_MULTIPLE_PIXELS);

/** Size to which an image is scaled for the detector. */
export const detectorSize = (width: number, height: number): { width: number; height: number } => {
  const scale = Math.min(1, LONGEST_SIDE_PIXELS / Math.max(width, height));
  return { width: side(width, scale), height: side(height, scale) };
};

/** float32 [1, 3, height, width] of an image that has {@link detectorSize}. */
export const detectorInput = (image: RgbImage): TensorBytes =>
  float32Tensor([1, 3, image.height, image.width], bgrPlanes(image, MEAN, DEVIATION));

/**
 * Boxes of text in an image's own pixels, upright, in order of their first cell.
 * @param probabilities the detector's map, row-major, `map.width * map.height` values in 0..1
 */
export const textBoxes = (
  probabilities: Float32Array,
  map: { readonly width: number; readonly height: number },
  image: { readonly width: number; readonly height: number },
): Box[] => {
  const scaleX = image.width / map.width;
  const scaleY = image.height / map.height;
  return regionsAbove(probabilities, map.width, map.height, CELL_THRESHOLD).flatMap((region) => {
    const [width, height] = [region.right - region.left, region.bottom - region.top];
    if (Math.min(width, height) < SMALLEST_SIDE_CELLS) return [];
    if (region.sum / region.cells < REGION_THRESHOLD) return [];
    const grow = (width * height * UNCLIP_RATIO) / (2 * (width + height));
    if (Math.min(width, height) + 2 * grow < SMALLEST_SIDE_CELLS + 2) return [];
    return [
      {
        left: Math.max(0, Math.round((region.left - grow) * scaleX)),
        top: Math.max(0, Math.round((region.top - grow) * scaleY)),
        right: Math.min(image.width, Math.round((region.right + grow) * scaleX)),
        bottom: Math.min(image.height, Math.round((region.bottom + grow) * scaleY)),
      },
    ];
  });
};
