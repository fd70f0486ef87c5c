import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { ImageLimits } from '../../shared/model/image.ts';
import { decodeImage, scale } from './pixels.ts';

const limits: ImageLimits = { mediaTypes: ['image/png', 'image/jpeg', 'image/webp'], maxBytes: 1e6, maxPixels: 1e6 };
const raw = (width: number, height: number, channels: 1 | 2 | 3 | 4, data: number[]) =>
  sharp(Uint8Array.from(data), { raw: { width, height, channels } });

describe('decoding', () => {
  it('gives red, green, blue row by row', async () => {
    const png = await raw(2, 1, 3, [255, 0, 0, 1, 2, 3]).png().toBuffer();
    expect(await decodeImage(png, limits)).toMatchObject({
      width: 2,
      height: 1,
      rgb: Buffer.from([255, 0, 0, 1, 2, 3]),
    });
  });

  it('spreads grey over three channels and lays transparency on white', async () => {
    const grey = await raw(2, 1, 1, [10, 200]).toColourspace('b-w').png().toBuffer();
    expect([...(await decodeImage(grey, limits)).rgb]).toEqual([10, 10, 10, 200, 200, 200]);
    const clear = await raw(2, 1, 4, [0, 0, 0, 0, 9, 8, 7, 255]).png().toBuffer();
    expect([...(await decodeImage(clear, limits)).rgb]).toEqual([255, 255, 255, 9, 8, 7]);
    const greyClear = await raw(2, 1, 2, [0, 0, 50, 255]).toColourspace('b-w').png().toBuffer();
    expect([...(await decodeImage(greyClear, limits)).rgb]).toEqual([255, 255, 255, 50, 50, 50]);
  });

  it('reduces 16 bits to 8', async () => {
    const deep = await raw(1, 1, 3, [255, 128, 0]).toColourspace('rgb16').png().toBuffer();
    expect([...(await decodeImage(deep, limits)).rgb]).toEqual([255, 128, 0]);
  });

  it('turns an image upright as its metadata says', async () => {
    const turned = await raw(2, 1, 3, [255, 255, 255, 0, 0, 0]).withMetadata({ orientation: 6 }).png().toBuffer();
    const { width, height, rgb } = await decodeImage(turned, limits);
    expect([width, height, rgb[0], rgb[3]]).toEqual([1, 2, 255, 0]);
  });

  it('decodes one frame of an animation', async () => {
    const frames = await Promise.all([0, 255].map((v) => raw(4, 4, 3, new Array(48).fill(v)).png().toBuffer()));
    const animation = await sharp(frames, { join: { animated: true } })
      .webp({ lossless: true })
      .toBuffer();
    const { width, height, rgb } = await decodeImage(animation, limits);
    expect([width, height, Math.max(...rgb)]).toEqual([4, 4, 0]);
  });

  it('refuses an image cut off after its header', async () => {
    for (const format of ['png', 'jpeg', 'webp'] as const) {
      const noise = Array.from({ length: 3 * 64 * 64 }, (_, i) => (i * i * 31) % 251);
      const whole = await raw(64, 64, 3, noise).toFormat(format).toBuffer();
      await expect(decodeImage(whole.subarray(0, whole.length / 2), limits), format).rejects.toMatchObject({
        family: 'bad-input',
        code: expect.stringMatching(/^(image-damaged|not-an-image)$/),
      });
    }
  });
});

describe('scaling', () => {
  it('takes a part of the image to a size', async () => {
    const image = { width: 4, height: 2, rgb: Uint8Array.from({ length: 24 }, (_, i) => (i % 12 < 6 ? 0 : 200)) };
    const right = await scale(image, { left: 2, top: 0, right: 4, bottom: 2 }, 7, 5);
    expect([right.width, right.height, right.rgb.length]).toEqual([7, 5, 105]);
    expect(new Set(right.rgb)).toEqual(new Set([200]));
  });
});
