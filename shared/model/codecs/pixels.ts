/** Pixels in memory: 3 bytes each (red, green, blue), row by row. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** Box in pixels of an image; right and bottom exclusive. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * Planes blue, green, red of `(x / 255 - mean) / deviation`: the layout [3, height, width] of PaddleOCR's models,
 * which read images as OpenCV does. Columns beyond the image up to `paddedWidth` stay 0.
 */
export const bgrPlanes = (
  image: RgbImage,
  mean: readonly [number, number, number],
  deviation: readonly [number, number, number],
  paddedWidth: number = image.width,
): Float32Array => {
  const { width, height, rgb } = image;
  const planes = new Float32Array(3 * height * paddedWidth);
  for (let plane = 0; plane < 3; plane++) {
    const [m, d] = [mean[plane] ?? 0, deviation[plane] ?? 1];
    for (let y = 0; y < height; y++) {
      const row = (plane * height + y) * paddedWidth;
      for (let x = 0; x < width; x++) {
        planes[row + x] = ((rgb[3 * (y * width + x) + 2 - plane] ?? 0) / 255 - m) / d;
      }
    }
  }
  return planes;
};
