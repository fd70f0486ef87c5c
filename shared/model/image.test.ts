import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { checkImage, type ImageLimits } from './image.ts';

const limits: ImageLimits = {
  mediaTypes: ['image/png', 'image/jpeg', 'image/webp'],
  maxBytes: 100_000,
  maxPixels: 10_000,
};
const blank = (width: number, height: number) => sharp({ create: { width, height, channels: 3, background: '#fff' } });
const code = (name: string) => expect.objectContaining({ code: name, family: 'bad-input' });

describe('checking an image', () => {
  it.each(['png', 'jpeg', 'webp'] as const)('accepts %s and tells its size', async (format) => {
    const bytes = await blank(50, 30).toFormat(format).toBuffer();
    expect(checkImage(bytes, limits)).toEqual({
      mediaType: `image/${format}`,
      widthPixels: 50,
      heightPixels: 30,
    });
  });

  it('refuses more pixels or bytes than allowed', async () => {
    const bytes = await blank(101, 100).png().toBuffer();
    expect(() => checkImage(bytes, limits)).toThrow(code('image-too-large'));
    expect(() => checkImage(bytes, { ...limits, maxPixels: 10_100, maxBytes: 20 })).toThrow(code('image-too-large'));
    expect(checkImage(bytes, { ...limits, maxPixels: 10_100 })).toMatchObject({ widthPixels: 101 });
  });

  it('believes the header of a bomb without decoding it', async () => {
    const bytes = await blank(50, 30).png().toBuffer();
    const bomb = Buffer.from(bytes);
    // IHDR: width and height at 16 and 20, its checksum over bytes 12 to 28.
    bomb.writeUInt32BE(60_000, 16);
    bomb.writeUInt32BE(60_000, 20);
    bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
    expect(() => checkImage(bomb, limits)).toThrow(code('image-too-large'));
  });

  it('refuses formats that are not named, whatever sharp could read', async () => {
    const svg = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>');
    const tiff = await blank(10, 10).tiff().toBuffer();
    const gif = await blank(10, 10).gif().toBuffer();
    for (const bytes of [svg, tiff, gif, new Uint8Array(), new TextEncoder().encode('\x89PNG\r\n\x1a\n')]) {
      expect(() => checkImage(bytes, limits)).toThrow(code('not-an-image'));
    }
    const webp = await blank(10, 10).webp().toBuffer();
    expect(() => checkImage(webp, { ...limits, mediaTypes: ['image/png'] })).toThrow(code('not-an-image'));
  });

  it('refuses a header that is cut off', async () => {
    for (const format of ['png', 'jpeg', 'webp'] as const) {
      const bytes = await blank(50, 30).toFormat(format).toBuffer();
      expect(() => checkImage(bytes.subarray(0, 20), limits)).toThrow(code('not-an-image'));
    }
  });

  it('reads the size that a decoder reads, in every variant of the formats', async () => {
    const variant = fc.constantFrom<(image: Sharp) => Sharp>(
      (image) => image.png(),
      (image) => image.png({ progressive: true, palette: true }),
      (image) => image.jpeg(),
      (image) => image.jpeg({ progressive: true }).withMetadata({ orientation: 6 }),
      (image) => image.webp(),
      (image) => image.webp({ lossless: true }),
      (image) => image.ensureAlpha(0.5).webp().withMetadata({ orientation: 6 }),
    );
    const side = fc.integer({ min: 1, max: 700 });
    await fc.assert(
      fc.asyncProperty(side, side, variant, async (width, height, encode) => {
        const bytes = await encode(blank(width, height)).toBuffer();
        const read = await sharp(bytes).metadata();
        const found = checkImage(bytes, { ...limits, maxPixels: 1_000_000 });
        expect([found.widthPixels, found.heightPixels]).toEqual([read.width, read.height]);
      }),
      { numRuns: 40 },
    );
  });

  it('refuses any bytes behind a signature that are no header, and never reads beyond them', () => {
    const signature = fc.constantFrom('\x89PNG\r\n\x1a\n', '\xff\xd8\xff', 'RIFF....WEBP', 'RIFF....WEBPVP8X');
    fc.assert(
      fc.property(signature, fc.uint8Array({ maxLength: 64 }), (start, rest) => {
        const bytes = Buffer.concat([Buffer.from(start, 'latin1'), rest]);
        try {
          expect(checkImage(bytes, limits)).toMatchObject({ widthPixels: expect.any(Number) });
        } catch (error) {
          expect(error).toMatchObject({ family: 'bad-input' });
        }
      }),
    );
  });
});
