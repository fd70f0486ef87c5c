import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadInputError } from '../errors.ts';
import { tensorsDigest } from '../protocol/digest.ts';
import { ELEMENT_TYPES, type ElementType } from './onnx/element-types.ts';
import {
  asFloat32,
  asInt32,
  bundleDigest,
  decodeTensors,
  encodeTensors,
  float32Tensor,
  int32Tensor,
  tensorBytes,
} from './tensors.ts';

const tensor = fc
  .record({
    dtype: fc.constantFrom(...(Object.keys(ELEMENT_TYPES) as ElementType[])),
    dims: fc.array(fc.nat(4), { maxLength: 4 }),
  })
  .chain(({ dtype, dims }) => {
    const length = tensorBytes(dtype, dims);
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((data) => ({ dtype, dims, data: Uint8Array.from(data) }));
  });
const bundles = fc.array(tensor, { maxLength: 5 });

describe('tensor bundles', () => {
  it('come back as they were, in one encoding', () => {
    fc.assert(
      fc.property(bundles, (bundle) => {
        const bytes = encodeTensors(bundle);
        expect(decodeTensors(bytes)).toEqual(bundle);
        expect(encodeTensors(decodeTensors(bytes))).toEqual(bytes);
        expect(bytes.buffer.byteLength).toBe(bytes.length);
        expect(bundleDigest(decodeTensors(bytes))).toEqual(tensorsDigest(bundle));
      }),
    );
  });

  it('are refused with a typed error when cut off', () => {
    fc.assert(
      fc.property(
        fc.array(tensor, { minLength: 1, maxLength: 3 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (bundle, part) => {
          const bytes = encodeTensors(bundle);
          const cut = bytes.subarray(0, Math.floor(part * (bytes.length - 1)));
          let decoded: unknown;
          try {
            decoded = decodeTensors(cut);
          } catch (error) {
            expect(error).toBeInstanceOf(BadInputError);
            return;
          }
          // What is left may be a whole bundle of fewer tensors, never of other ones.
          expect(decoded).toEqual(bundle.slice(0, (decoded as unknown[]).length));
        },
      ),
    );
  });

  it('never take other bytes for a bundle silently', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => decodeTensors(bytes)).toThrow(BadInputError);
      }),
    );
    fc.assert(
      fc.property(bundles, fc.nat(), fc.integer({ min: 1, max: 255 }), (bundle, at, change) => {
        const bytes = encodeTensors(bundle);
        bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ change;
        try {
          // Still a bundle: then it is the one that these bytes encode.
          expect(encodeTensors(decodeTensors(bytes))).toEqual(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(BadInputError);
        }
      }),
    );
  });

  it('refuse data that do not fit type and shape', () => {
    expect(() => encodeTensors([{ dtype: 'float32', dims: [2], data: new Uint8Array(7) }])).toThrow(
      /8 bytes; received 7/,
    );
    expect(() => encodeTensors([{ dtype: 'string', dims: [1], data: new Uint8Array(1) }])).toThrow(BadInputError);
  });

  it('give views of their values, aligned or not', () => {
    const values = Float32Array.of(1.5, -2, 1e-20);
    const bytes = encodeTensors([float32Tensor([3], values), int32Tensor([2], Int32Array.of(-1, 7))]);
    for (const shift of [0, 1, 2, 3]) {
      const moved = new Uint8Array(bytes.length + shift);
      moved.set(bytes, shift);
      const [floats, ints] = decodeTensors(moved.subarray(shift));
      expect([...asFloat32(floats!)]).toEqual([...values]);
      expect([...asInt32(ints!)]).toEqual([-1, 7]);
      expect(() => asInt32(floats!)).toThrow(BadInputError);
    }
  });
});
