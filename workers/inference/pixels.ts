import sharp from 'sharp';
import { BadInputError } from '../../shared/errors.ts';
import type { Box, RgbImage } from '../../shared/model/codecs/pixels.ts';
import { checkImage, type ImageLimits } from '../../shared/model/image.ts';

/**
 * Decodes an image after {@link checkImage}: turned upright as its metadata says, transparent parts white, sRGB.
 * @throws {BadInputError} those of {@link checkImage}, and `image-damaged`
 */
export const decodeImage = async (bytes: Uint8Array, limits: ImageLimits): Promise<RgbImage> => {
  checkImage(bytes, limits);
  try {
    // One page only: an animation's frames would multiply the pixels beyond the limit.
    const { data, info } = await sharp(bytes, { limitInputPixels: limits.maxPixels, failOn: 'error', pages: 1 })
      .autoOrient()
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, rgb: threeChannels(data, info.channels) };
  } catch (cause) {
    throw new BadInputError('image-damaged', 'the header is that of an image, its pixels cannot be decoded', {
      next: 'send the image whole',
      cause,
    });
  }
};

const threeChannels = (data: Uint8Array, channels: number): Uint8Array => {
  if (channels === 3) return data;
  // Grey stays one channel where the file has no colour profile.
  const rgb = new Uint8Array((data.length / channels) * 3);
  for (let i = 0; i < rgb.length; i++) rgb[i] = data[Math.floor(i / 3) * channels] ?? 0;
  return rgb;
};

/**
 * Scales a part of an image to a size, bicubic, averaging where it shrinks. PaddleOCR scales with OpenCV's bilinear
 * filter; sharp's 'linear' blurs more than that, and the recogniser then loses spaces between words.
 */
export const scale = async (image: RgbImage, part: Box, width: number, height: number): Promise<RgbImage> => {
  const rgb = await sharp(image.rgb, { raw: { width: image.width, height: image.height, channels: 3 } })
    .extract({ left: part.left, top: part.top, width: part.right - part.left, height: part.bottom - part.top })
    .resize(width, height, { fit: 'fill', kernel: 'cubic' })
    .raw()
    .toBuffer();
  return { width, height, rgb };
};
