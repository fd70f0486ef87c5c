import { BadInputError } from '../../errors.ts';
import type { TensorBytes } from '../../protocol/digest.ts';
import { asInt32, float32Tensor, int32Tensor, type TensorBundle } from '../tensors.ts';
import { type Box, bgrPlanes, type RgbImage } from './pixels.ts';

/**
 * Before PaddleOCR's recogniser: one upright line of text per run. Sources as in detector.ts; rec_image_shape is '3,
 * 48, 320'.
 */

export const LINE_HEIGHT_PIXELS = 48;
/** Lines narrower than this are padded: the width the model was trained at. */
const NARROWEST_PIXELS = 320;
/** Widths are padded to multiples, so that few shapes occur. Ours; PaddleOCR pads a batch to its widest line. */
const WIDTH_MULTIPLE_PIXELS = 32;
/** Longer lines are squeezed: bounds memory and time of one run (about 100 characters). Ours. */
const WIDEST_PIXELS = 2560;
/** Most boxes of one image: bounds the time of one query. Ours; PaddleOCR looks at 1,000 candidates. */
export const MAX_LINES = 256;
/** RecResizeImg: (x / 255 - 0.5) / 0.5. */
const HALF = [0.5, 0.5, 0.5] as const;

/**
 * The detector's boxes cut close, and the recogniser then loses spaces between words. Margins as parts of a line's
 * height, found by reading 34 drawn lines of 18 to 54 px as PNG and JPEG: all right with 0.15..0.3 above and below and
 * 0.1..0.2 at the ends, 30 of 34 without.
 */
const MARGIN = { ends: 0.1, aboveAndBelow: 0.2 } as const;

/** The part of an image that is read as one line. */
export const lineBox = (box: Box, image: { readonly width: number; readonly height: number }): Box => {
  const height = box.bottom - box.top;
  const ends = Math.round(MARGIN.ends * height);
  const aboveAndBelow = Math.round(MARGIN.aboveAndBelow * height);
  return {
    left: Math.max(0, box.left - ends),
    top: Math.max(0, box.top - aboveAndBelow),
    right: Math.min(image.width, box.right + ends),
    bottom: Math.min(image.height, box.bottom + aboveAndBelow),
  };
};

/** Width to which the pixels of a box are scaled, at {@link LINE_HEIGHT_PIXELS}. */
export const lineWidth = (box: Box): number => {
  const width = Math.ceil((LINE_HEIGHT_PIXELS * (box.right - box.left)) / (box.bottom - box.top));
  return Math.min(WIDEST_PIXELS, Math.max(1, width));
};

/** float32 [1, 3, 48, width] of a line scaled to {@link lineWidth}, padded on the right. */
export const recogniserInput = (line: RgbImage): TensorBytes => {
  const width = Math.max(NARROWEST_PIXELS, Math.ceil(line.width / WIDTH_MULTIPLE_PIXELS) * WIDTH_MULTIPLE_PIXELS);
  return float32Tensor([1, 3, line.height, width], bgrPlanes(line, HALF, HALF, width));
};

/** @throws {BadInputError} `too-many-lines` */
export const assertLineCount = (count: number): void => {
  if (count <= MAX_LINES) return;
  throw new BadInputError('too-many-lines', `the image has ${count} lines of text; at most ${MAX_LINES} are read`, {
    next: 'send a part of the image',
    details: { lines: count, maxLines: MAX_LINES },
  });
};

/** Lines and, as last tensor, int32 [n]: the row in which each stands. */
export const withRows = (lines: TensorBundle, rows: readonly number[]): TensorBundle => [
  ...lines,
  int32Tensor([rows.length], Int32Array.from(rows)),
];

/**
 * Reverse of {@link withRows}.
 * @throws {BadInputError} `tensors-damaged` when the rows are not one for each line
 */
export const splitRows = (bundle: TensorBundle): { lines: TensorBundle; rows: TensorBytes; numbers: Int32Array } => {
  const rows = bundle.at(-1);
  const numbers = rows ? asInt32(rows) : undefined;
  if (!rows || numbers?.length !== bundle.length - 1) {
    throw new BadInputError('tensors-damaged', `${bundle.length} tensors are not lines and a list of their rows`, {
      next: 'run the detector again',
    });
  }
  return { lines: bundle.slice(0, -1), rows, numbers };
};
