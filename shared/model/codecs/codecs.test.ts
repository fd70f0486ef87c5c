import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadInputError } from '../../errors.ts';
import { asFloat32, float32Tensor, int32Tensor } from '../tensors.ts';
import { decodeLine, joinLines, readKeys } from './ctc.ts';
import { detectorInput, detectorSize, textBoxes } from './detector.ts';
import type { Box } from './pixels.ts';
import { readingOrder } from './reading-order.ts';
import { assertLineCount, lineBox, lineWidth, MAX_LINES, recogniserInput, splitRows, withRows } from './recogniser.ts';
import { regionsAbove } from './regions.ts';

const box = (left: number, top: number, right: number, bottom: number): Box => ({ left, top, right, bottom });

describe('regions', () => {
  it('touch by sides and corners', () => {
    const map = Float32Array.of(1, 0, 0, 1, /**/ 0, 1, 0, 0, /**/ 0, 0, 0, 1);
    expect(regionsAbove(map, 4, 3, 0.5)).toEqual([
      { left: 0, top: 0, right: 2, bottom: 2, cells: 2, sum: 2 },
      { left: 3, top: 0, right: 4, bottom: 1, cells: 1, sum: 1 },
      { left: 3, top: 2, right: 4, bottom: 3, cells: 1, sum: 1 },
    ]);
  });

  it('hold each cell above the threshold once, and no others', () => {
    const maps = fc
      .record({ width: fc.integer({ min: 1, max: 12 }), height: fc.integer({ min: 1, max: 12 }) })
      .chain(({ width, height }) =>
        fc
          .array(fc.constantFrom(0, 0.3, 0.5, 1), { minLength: width * height, maxLength: width * height })
          .map((cells) => ({
            width,
            map: Float32Array.from(cells),
            height,
          })),
      );
    fc.assert(
      fc.property(maps, ({ map, width, height }) => {
        const regions = regionsAbove(map, width, height, 0.3);
        const above = [...map].filter((v) => v > Math.fround(0.3));
        expect(regions.reduce((n, r) => n + r.cells, 0)).toBe([...map].filter((v) => v > 0.3).length);
        expect(above.length).toBeLessThanOrEqual(map.length);
        for (const r of regions) {
          expect(r.cells).toBeLessThanOrEqual((r.right - r.left) * (r.bottom - r.top));
          expect(r.left >= 0 && r.top >= 0 && r.right <= width && r.bottom <= height).toBe(true);
        }
      }),
    );
  });
});

describe('the detector', () => {
  it('sees sides that are multiples of 32, none longer than 960', () => {
    expect(detectorSize(640, 400)).toEqual({ width: 640, height: 416 });
    expect(detectorSize(1920, 1080)).toEqual({ width: 960, height: 544 });
    expect(detectorSize(10, 5000)).toEqual({ width: 32, height: 960 });
  });

  it('gets blue, green, red planes with their own mean and deviation', () => {
    const tensor = detectorInput({ width: 1, height: 1, rgb: Uint8Array.of(255, 0, 51) });
    expect(tensor.dims).toEqual([1, 3, 1, 1]);
    const [blue, green, red] = asFloat32(tensor);
    expect(blue).toBeCloseTo((0.2 - 0.485) / 0.229, 6);
    expect(green).toBeCloseTo((0 - 0.456) / 0.224, 6);
    expect(red).toBeCloseTo((1 - 0.406) / 0.225, 6);
  });

  const paint = (...areas: [Box, number][]): Float32Array => {
    const map = new Float32Array(64 * 32);
    for (const [b, value] of areas) {
      for (let y = b.top; y < b.bottom; y++) map.fill(value, y * 64 + b.left, y * 64 + b.right);
    }
    return map;
  };
  const size = { width: 64, height: 32 };

  it('grows a region by area * 1.5 / perimeter, scaled to the image and kept inside', () => {
    // 20 x 5 cells: 100 * 1.5 / 50 = 3 cells on each side.
    const map = paint([box(10, 10, 30, 15), 0.9]);
    expect(textBoxes(map, size, size)).toEqual([box(7, 7, 33, 18)]);
    expect(textBoxes(map, size, { width: 128, height: 64 })).toEqual([box(14, 14, 66, 36)]);
    expect(textBoxes(paint([box(0, 0, 20, 5), 0.9]), size, size)).toEqual([box(0, 0, 23, 8)]);
  });

  it('drops faint regions and specks', () => {
    expect(textBoxes(paint([box(10, 10, 30, 15), 0.59]), size, size)).toEqual([]);
    expect(textBoxes(paint([box(10, 10, 30, 15), 0.29]), size, size)).toEqual([]);
    expect(textBoxes(paint([box(10, 10, 30, 12), 0.9]), size, size)).toEqual([]);
    expect(textBoxes(paint([box(10, 10, 30, 15), 0.61]), size, size)).toHaveLength(1);
  });
});

describe('reading order', () => {
  it('is by rows, then from left to right, however rows are skewed', () => {
    const [a, b, c, d] = [box(0, 0, 40, 20), box(60, 6, 90, 26), box(0, 30, 30, 50), box(50, 34, 90, 52)];
    expect(readingOrder([d, b, c, a])).toEqual([
      [a, b],
      [c, d],
    ]);
  });

  it('does not depend on the order of detection, and loses no box', () => {
    const boxes = fc.uniqueArray(
      fc.record({ left: fc.nat(90), top: fc.nat(90) }).map(({ left, top }) => box(left, top, left + 10, top + 8)),
      { maxLength: 12, selector: (b) => `${b.left},${b.top}` },
    );
    fc.assert(
      fc.property(boxes, (list) => {
        const order = readingOrder(list);
        expect(readingOrder([...list].reverse())).toEqual(order);
        expect(order.flat()).toHaveLength(list.length);
      }),
    );
  });
});

describe('the recogniser', () => {
  it('gets lines 48 high, padded to 320 or a multiple of 32', () => {
    const line = (width: number) =>
      recogniserInput({ width, height: 48, rgb: new Uint8Array(width * 48 * 3).fill(255) });
    expect(line(100).dims).toEqual([1, 3, 48, 320]);
    expect(line(321).dims).toEqual([1, 3, 48, 352]);
    const values = asFloat32(line(100));
    expect([values[0], values[99], values[100], values[319], values[320]]).toEqual([1, 1, 0, 0, 1]);
  });

  it('keeps proportions up to a bound', () => {
    expect(lineWidth(box(0, 0, 200, 24))).toBe(400);
    expect(lineWidth(box(0, 0, 9000, 10))).toBe(2560);
    expect(lineWidth(box(0, 0, 1, 400))).toBe(1);
  });

  it('reads a little beyond the box, inside the image', () => {
    expect(lineBox(box(50, 50, 90, 70), { width: 100, height: 100 })).toEqual(box(48, 46, 92, 74));
    expect(lineBox(box(0, 0, 99, 20), { width: 100, height: 22 })).toEqual(box(0, 0, 100, 22));
  });

  it('bounds the number of lines', () => {
    expect(() => assertLineCount(MAX_LINES)).not.toThrow();
    expect(() => assertLineCount(MAX_LINES + 1)).toThrow(expect.objectContaining({ code: 'too-many-lines' }));
  });

  it('carries rows beside lines', () => {
    const line = float32Tensor([1], Float32Array.of(1));
    const { lines, numbers } = splitRows(withRows([line, line], [0, 3]));
    expect(lines).toEqual([line, line]);
    expect([...numbers]).toEqual([0, 3]);
    expect(() => splitRows([])).toThrow(BadInputError);
    expect(() => splitRows([line, line, int32Tensor([1], Int32Array.of(0))])).toThrow(BadInputError);
  });
});

describe('text', () => {
  const keys = readKeys(new TextEncoder().encode('a\nb\r\n'));
  const probabilities = (classes: readonly number[], certainty = 0.9) => {
    const values = new Float32Array(classes.length * 4).fill(0.01);
    for (const [step, best] of classes.entries()) values[4 * step + best] = certainty;
    return float32Tensor([1, classes.length, 4], values);
  };

  it('has the keys of the file and a space', () => {
    expect(keys).toEqual(['a', 'b', ' ']);
  });

  it('collapses repeats and drops blanks', () => {
    expect(decodeLine(probabilities([1, 1, 0, 1, 2, 2, 3, 0, 2]), keys).text).toBe('aab b');
    expect(decodeLine(probabilities([0, 0]), keys)).toEqual({ text: '', confidence: 0 });
  });

  it('joins rows by line feeds, their parts by spaces, without trailing spaces, empty and doubtful lines', () => {
    const lines = [
      probabilities([1, 3]),
      probabilities([2]),
      probabilities([0]),
      probabilities([2, 0, 2, 3, 3]),
      probabilities([1], 0.4),
    ];
    expect(joinLines(lines, Int32Array.of(0, 0, 1, 2, 3), keys)).toBe('a b\nbb');
  });

  it('refuses a list of characters that does not fit', () => {
    expect(() => decodeLine(probabilities([1]), ['a', 'b'])).toThrow(
      expect.objectContaining({ code: 'keys-do-not-fit' }),
    );
  });
});
