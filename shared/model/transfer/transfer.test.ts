import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../protocol/encoding.ts';
import { asFloat32, bundleDigest, decodeTensors, encodeTensors, float32Tensor, int32Tensor } from '../tensors.ts';
import { decodeTransfer, encodeTransfer, TRANSFERS, type Transfer } from './transfer.ts';

const tensor = (values: readonly number[] | Float32Array) => float32Tensor([values.length], Float32Array.from(values));
const many = (value: number, count = 256): number[] => Array.from({ length: count }, () => value);
const bits = (values: Float32Array): Uint32Array =>
  new Uint32Array(values.buffer, values.byteOffset, values.length).slice();

/** What arrives after the values were sent through bytes. */
const arrived = (transfer: Transfer, values: readonly number[] | Float32Array): Float32Array => {
  const sent = encodeTensors(encodeTransfer(transfer, [tensor(values)]));
  const [got] = decodeTransfer(transfer, decodeTensors(sent));
  if (!got) throw new Error('nothing arrived');
  return asFloat32(got).slice();
};
const isCoded = (transfer: Transfer, values: readonly number[] | Float32Array): boolean =>
  encodeTransfer(transfer, [tensor(values)])[0]?.data[0] === 1;

/** Sums of uniform numbers: near normal, of deviation 1, the same everywhere. */
const normal = (count: number, seed = 1): Float32Array => {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return Float32Array.from({ length: count }, () => Array.from({ length: 12 }, uniform).reduce((a, b) => a + b) - 6);
};
const relativeError = (a: Float32Array, b: Float32Array): number => {
  const square = (sum: number, x: number) => sum + x * x;
  return Math.sqrt(a.map((x, i) => x - (b[i] as number)).reduce(square, 0) / a.reduce(square, 0));
};

const anyFloats = fc.float32Array({ minLength: 0, maxLength: 600 });

describe.each(TRANSFERS)('%s', (transfer) => {
  it('gives back a bundle of the same shapes and order, and leaves what is not float32 or shorter than a block', () => {
    const bundle = [
      int32Tensor([2], Int32Array.of(5, -6)),
      float32Tensor([2, 3, 64], normal(384)),
      tensor([1, 2.7, Number.NaN]),
      { dtype: 'float16', dims: [300], data: new Uint8Array(600).fill(60) },
      float32Tensor([0, 4], new Float32Array(0)),
      { dtype: 'int8', dims: [1024], data: new Uint8Array(1024).fill(7) },
    ];
    const got = decodeTransfer(transfer, decodeTensors(encodeTensors(encodeTransfer(transfer, bundle))));
    expect(got.map(({ dtype, dims }) => [dtype, dims])).toEqual(bundle.map(({ dtype, dims }) => [dtype, dims]));
    for (const i of [0, 2, 3, 4, 5]) expect(got[i]?.data).toEqual(bundle[i]?.data);
    expect(decodeTransfer(transfer, encodeTransfer(transfer, []))).toEqual([]);
  });

  it('keeps infinities and NaN', () => {
    const values = normal(700);
    values.set([Infinity, -Infinity, Number.NaN], 300);
    expect(arrived(transfer, values).slice(300, 303)).toEqual(Float32Array.of(Infinity, -Infinity, Number.NaN));
    expect(arrived(transfer, many(Number.NaN))).toEqual(Float32Array.from(many(Number.NaN)));
  });

  it('brings whatever bits nearly as they were, and the same bytes for the same bundle', () => {
    fc.assert(
      fc.property(anyFloats, (values) => {
        const got = arrived(transfer, values);
        expect(got.length).toBe(values.length);
        const once = encodeTransfer(transfer, [tensor(values)]);
        expect(toHex(bundleDigest(encodeTransfer(transfer, [tensor(values)])))).toBe(toHex(bundleDigest(once)));
        values.forEach((value, i) => {
          if (Number.isFinite(value)) expect(Number.isFinite(got[i])).toBe(true);
          else expect(got[i]).toBe(value);
        });
      }),
    );
  });

  it('refuses a bundle of which something is cut off, added or of another type', () => {
    const sent = encodeTransfer(transfer, [tensor(normal(512)), tensor([1])]);
    const head = (kinds: number[]) => ({ dtype: 'uint8', dims: [kinds.length], data: Uint8Array.from(kinds) });
    const bad = [
      ...sent.map((_, i) => sent.slice(0, i)),
      ...sent.slice(0, -1).map((part, i) => sent.with(i, { ...part, dtype: 'int16' })),
      [...sent, tensor([1])],
      sent.with(0, head([2, 0])),
      sent.with(0, head([1, 0, 0])),
      [tensor(normal(512))],
    ];
    for (const bundle of bad) {
      expect(() => decodeTransfer(transfer, bundle)).toThrow(expect.objectContaining({ code: 'tensors-damaged' }));
    }
  });
});

describe('fp16/v1', () => {
  /** The value of a half, from its definition. */
  const half = (h: number): number => {
    const [sign, exponent, fraction] = [h >> 15 ? -1 : 1, (h >> 10) & 31, h & 1023];
    if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
  };
  const sentHalves = (values: Float32Array): Uint16Array => {
    const data = encodeTransfer('fp16/v1', [tensor(values)])[1]?.data.slice();
    return new Uint16Array(data?.buffer ?? []);
  };

  it('brings every half as it is', () => {
    const all = Float32Array.from({ length: 65_536 }, (_, h) => half(h));
    expect(bits(arrived('fp16/v1', all).filter((x) => !Number.isNaN(x)))).toEqual(
      bits(all.filter((x) => !Number.isNaN(x))),
    );
    const halves = sentHalves(all);
    expect(halves.every((h, i) => h === (Number.isNaN(all[i]) ? 0x7e00 : i))).toBe(true);
  });

  it('rounds what lies between two halves to the nearer, and to the even one in the middle', () => {
    const below = Array.from({ length: 0x7bff }, (_, h) => h);
    const middle = Float32Array.from(below, (h) => (half(h) + half(h + 1)) / 2);
    expect(sentHalves(middle)).toEqual(Uint16Array.from(below, (h) => h + (h & 1)));
    const step = (values: Float32Array, by: number): Float32Array => {
      const moved = bits(values).map((b) => b + by);
      return new Float32Array(moved.buffer);
    };
    expect(sentHalves(step(middle, 1))).toEqual(Uint16Array.from(below, (h) => h + 1));
    expect(sentHalves(step(middle, -1))).toEqual(Uint16Array.from(below));
  });

  it('halves the bytes', () => {
    expect(encodeTransfer('fp16/v1', [tensor(normal(4096))])[1]?.data.length).toBe(8192);
  });

  it('leaves a tensor in which a finite value would become infinite', () => {
    const largest = Math.fround(65_519.996);
    expect(isCoded('fp16/v1', [...many(1), largest, -largest, Infinity])).toBe(true);
    expect(arrived('fp16/v1', [...many(1), largest]).at(-1)).toBe(65_504);
    for (const beyond of [65_520, -65_520, 3.4e38]) {
      expect(isCoded('fp16/v1', [...many(1), beyond, Infinity])).toBe(false);
      expect(arrived('fp16/v1', [...many(1), beyond]).at(-1)).toBe(Math.fround(beyond));
    }
  });
});

describe('int8-blocks/v1', () => {
  it('sends 3.9 times fewer bytes with an error below 1 % of normal values', () => {
    const values = normal(65_536);
    const sent = encodeTransfer('int8-blocks/v1', [tensor(values)]);
    const bytes = sent.reduce((sum, { data }) => sum + data.length, 0);
    expect(values.byteLength / bytes).toBeGreaterThan(3.9);
    expect(relativeError(values, arrived('int8-blocks/v1', values))).toBeLessThan(0.01);
  });

  it('is off by half a step of its block at most', () => {
    fc.assert(
      fc.property(
        fc.float32Array({ minLength: 256, maxLength: 700, noNaN: true, noDefaultInfinity: true }),
        (values) => {
          const got = arrived('int8-blocks/v1', values);
          for (let from = 0; from < values.length; from += 256) {
            const block = values.subarray(from, from + 256);
            const step = block.reduce((most, x) => Math.max(most, Math.abs(x)), 0) / 127;
            const off = block.map((x, i) => Math.abs(x - (got[from + i] as number)));
            // Blocks below normal numbers become 0.
            expect(Math.max(...off)).toBeLessThanOrEqual(Math.max((step / 2) * 1.000_01, 127 * 2 ** -126));
          }
        },
      ),
    );
  });

  it('keeps outliers as they are, so that they do not coarsen their neighbours', () => {
    const values = normal(65_536);
    for (let at = 100; at < values.length; at += 256) values[at] = at % 512 < 256 ? 60.125 : -1e9;
    const got = arrived('int8-blocks/v1', values);
    expect([got[100], got[356]]).toEqual([60.125, -1e9]);
    const quiet = (all: Float32Array) => all.filter((_, i) => i % 256 !== 100);
    expect(relativeError(quiet(values), quiet(got))).toBeLessThan(0.01);
  });

  it('keeps the bits of NaN', () => {
    const values = normal(256);
    bits(values);
    new Uint32Array(values.buffer)[9] = 0xff_c1_23_45;
    expect(bits(arrived('int8-blocks/v1', values))[9]).toBe(0xff_c1_23_45);
  });

  it('leaves a tensor that would not become smaller', () => {
    expect(isCoded('int8-blocks/v1', many(Number.NaN))).toBe(false);
    expect(isCoded('int8-blocks/v1', many(0))).toBe(true);
    expect(isCoded('int8-blocks/v1', many(0, 255))).toBe(false);
  });

  it('rounds half to even', () => {
    const values = [127, 0.5, 1.5, 2.5, -0.5, -1.5, ...many(100)];
    expect(arrived('int8-blocks/v1', values).slice(1, 6)).toEqual(Float32Array.of(0, 2, 2, 0, -2));
  });

  it('has these bytes on every machine', () => {
    const values = normal(1000);
    values.set([1e6, Infinity, -0, 2 ** -149], 500);
    expect(toHex(bundleDigest(encodeTransfer('int8-blocks/v1', [tensor(values)])))).toBe(
      '5bf4ca21e3fa6c5d81a514856dd009d0fde2cdbea9397d03700d1fead38b817b',
    );
    expect(toHex(bundleDigest(encodeTransfer('fp16/v1', [tensor(normal(1000))])))).toBe(
      '9257b3bde45b851c0fff337df6e6a2e651edbdeac3b7e4b591582e4f1b7d54a4',
    );
  });

  it.each([
    ['an index beyond the end', 2, Uint32Array.of(100, 512)],
    ['an index twice', 2, Uint32Array.of(100, 100)],
    ['indices out of order', 2, Uint32Array.of(101, 100)],
    ['an index too few', 2, Uint32Array.of(100)],
    ['a scale too many', 1, Float32Array.of(1, 1, 1)],
  ])('refuses %s', (_what, part, data) => {
    const values = normal(512);
    values.set([1000, -1000], 100);
    const sent = encodeTransfer('int8-blocks/v1', [tensor(values)]);
    const other = { ...sent[part + 1]!, dims: [data.length], data: new Uint8Array(data.buffer) };
    expect(() => decodeTransfer('int8-blocks/v1', sent.with(part + 1, other))).toThrow(
      expect.objectContaining({ code: 'tensors-damaged' }),
    );
  });
});
