import sharp from 'sharp';
import { BadInputError } from '../errors.ts';
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
 * before sharp sees the bytes, so that its other loaders (SVG, PDF, TIFF ...) are never reached by an asker.
 */
const sniff = (bytes: Uint8Array): ImageType | undefined => {
  if (starts(bytes, 0, '\x89PNG\r\n\x1a\n')) return 'image/png';
  if (starts(bytes, 0, '\xff\xd8\xff')) return 'image/jpeg';
  if (starts(bytes, 0, 'RIFF') && starts(bytes, 8, 'WEBP')) return 'image/webp';
  return undefined;
};

const tooLarge = (message: string, details: Record<string, number>): BadInputError =>
  new BadInputError('image-too-large', message, { next: 'send a smaller image', details });

const notAnImage = (allowed: readonly string[], cause?: unknown): BadInputError =>
  new BadInputError('not-an-image', `the bytes are none of ${allowed.join(', ')}`, {
    next: 'send one of these formats, whole',
    ...(cause === undefined ? {} : { cause }),
  });

/**
 * Looks at an image's header without decoding its pixels: format, bytes and pixels within the limits.
 * @throws {BadInputError} `image-too-large`, `not-an-image`
 */
export const checkImage = async (bytes: Uint8Array, limits: ImageLimits): Promise<ImageInfo> => {
  if (bytes.length > limits.maxBytes) {
    throw tooLarge(`the image has ${bytes.length} bytes; at most ${limits.maxBytes} are allowed`, {
      bytes: bytes.length,
      maxBytes: limits.maxBytes,
    });
  }
  const mediaType = sniff(bytes);
  if (!mediaType || !limits.mediaTypes.includes(mediaType)) throw notAnImage(limits.mediaTypes);
  const { width, height, format } = await header(bytes, limits);
  if (`image/${format}` !== mediaType) throw notAnImage(limits.mediaTypes);
  if (width * height > limits.maxPixels) {
    throw tooLarge(`the image has ${width} x ${height} pixels; at most ${limits.maxPixels} in all are allowed`, {
      width,
      height,
      maxPixels: limits.maxPixels,
    });
  }
  return { mediaType, widthPixels: width, heightPixels: height };
};

const header = async (bytes: Uint8Array, limits: ImageLimits) => {
  try {
    // The pixel limit is checked by the caller, with a message of its own.
    return await sharp(bytes, { limitInputPixels: false }).metadata();
  } catch (cause) {
    throw notAnImage(limits.mediaTypes, cause);
  }
};
