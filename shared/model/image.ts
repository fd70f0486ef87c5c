import { BadInputError } from '../errors.ts';
import { jpegSize, pngSize, type Size, webpSize } from './image-size.ts';
import type { ManifestInput } from './manifest.ts';

export type ImageLimits = Omit<Extract<ManifestInput, { kind: 'image' }>, 'kind'>;
export type ImageType = ImageLimits['mediaTypes'][number];

export interface ImageInfo {
  readonly mediaType: ImageType;
  /** Size as stored, before the orientation in its metadata is applied. */
  readonly widthPixels: number;
  readonly heightPixels: number;
}

const starts = (bytes: Uint8Array, at: number, text: string): boolean =>
  [...text].every((char, i) => bytes[at + i] === char.charCodeAt(0));

/**
 * First bytes of the formats: PNG (W3C PNG 5.2), JPEG (SOI and the next marker), WebP (RIFF container). Looked at
 * before any decoder sees the bytes, so that its other loaders (SVG, PDF, TIFF ...) are never reached by an asker.
 */
const sniff = (bytes: Uint8Array): ImageType | undefined => {
  if (starts(bytes, 0, '\x89PNG\r\n\x1a\n')) return 'image/png';
  if (starts(bytes, 0, '\xff\xd8\xff')) return 'image/jpeg';
  if (starts(bytes, 0, 'RIFF') && starts(bytes, 8, 'WEBP')) return 'image/webp';
  return undefined;
};

const tooLarge = (message: string, details: Record<string, number>): BadInputError =>
  new BadInputError('image-too-large', message, { next: 'send a smaller image', details });

const notAnImage = (allowed: readonly string[]): BadInputError =>
  new BadInputError('not-an-image', `the bytes are none of ${allowed.join(', ')}`, {
    next: 'send one of these formats, whole',
  });

const SIZE_OF: Readonly<Record<ImageType, (bytes: Uint8Array) => Size | undefined>> = {
  'image/png': pngSize,
  'image/jpeg': jpegSize,
  'image/webp': webpSize,
};

/**
 * Looks at an image's header without decoding its pixels: format, bytes and pixels within the limits. By hand: the API runs where no
 * native decoder is.
 * @throws {BadInputError} `image-too-large`, `not-an-image`
 */
export const checkImage = (bytes: Uint8Array, limits: ImageLimits): ImageInfo => {
  if (bytes.length > limits.maxBytes) {
    throw tooLarge(`the image has ${bytes.length} bytes; at most ${limits.maxBytes} are allowed`, {
      bytes: bytes.length,
      maxBytes: limits.maxBytes,
    });
  }
  const mediaType = sniff(bytes);
  const size = mediaType && SIZE_OF[mediaType](bytes);
  if (!mediaType || !size || !limits.mediaTypes.includes(mediaType)) throw notAnImage(limits.mediaTypes);
  const { width, height } = size;
  if (width * height > limits.maxPixels) {
    throw tooLarge(`the image has ${width} x ${height} pixels; at most ${limits.maxPixels} in all are allowed`, {
      width,
      height,
      maxPixels: limits.maxPixels,
    });
  }
  return { mediaType, widthPixels: width, heightPixels: height };
};
