import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { type TensorProto, TensorProtoSchema } from './onnx_pb.ts';
import { claimedBytes, withRawData } from './tensor-data.ts';
import { refusal } from './testdata/refusal.ts';

const bits = (...values: number[]) => [...new Uint32Array(Float32Array.from(values).buffer)];
const wideBits = (...values: number[]) => [...new BigUint64Array(Float64Array.from(values).buffer)];
/** As a reader of the file sees it. */
const decoded = (init: Partial<Omit<TensorProto, '$typeName'>>): TensorProto =>
  fromBinary(TensorProtoSchema, toBinary(TensorProtoSchema, create(TensorProtoSchema, { name: 't', ...init })));
const bytesOf = (array: { buffer: ArrayBuffer }) => [...new Uint8Array(array.buffer)];

describe('typed data', () => {
  it.each<[string, Partial<Omit<TensorProto, '$typeName'>>, number[]]>([
    ['float32', { dataType: 1, dims: ['2'], floatData: bits(1.5, -2) }, bytesOf(Float32Array.of(1.5, -2))],
    ['uint8', { dataType: 2, dims: ['2'], int32Data: [3, 255] }, [3, 255]],
    ['int8', { dataType: 3, dims: ['2'], int32Data: [-1, 5] }, [255, 5]],
    ['uint16', { dataType: 4, dims: ['1'], int32Data: [65535] }, [255, 255]],
    ['int16', { dataType: 5, dims: ['1'], int32Data: [-2] }, [254, 255]],
    ['int32', { dataType: 6, dims: [], int32Data: [-7] }, bytesOf(Int32Array.of(-7))],
    ['int64', { dataType: 7, dims: ['1', '1'], int64Data: [-3n] }, bytesOf(BigInt64Array.of(-3n))],
    ['bool', { dataType: 9, dims: ['2'], int32Data: [1, 0] }, [1, 0]],
    ['float16', { dataType: 10, dims: ['1'], int32Data: [0x3c00] }, [0, 0x3c]],
    ['float64', { dataType: 11, dims: ['1'], doubleData: wideBits(0.1) }, bytesOf(Float64Array.of(0.1))],
    ['uint32', { dataType: 12, dims: ['1'], uint64Data: [4294967295n] }, [255, 255, 255, 255]],
    ['uint64', { dataType: 13, dims: ['1'], uint64Data: [2n ** 63n] }, [0, 0, 0, 0, 0, 0, 0, 128]],
    ['complex64', { dataType: 14, dims: ['1'], floatData: bits(1, 2) }, bytesOf(Float32Array.of(1, 2))],
    ['complex128', { dataType: 15, dims: ['1'], doubleData: wideBits(1, 2) }, bytesOf(Float64Array.of(1, 2))],
    ['bfloat16', { dataType: 16, dims: ['1'], int32Data: [0x3f80] }, [0x80, 0x3f]],
    ['float8', { dataType: 17, dims: ['1'], int32Data: [0x38] }, [0x38]],
    ['int4, two in a byte', { dataType: 22, dims: ['3'], int32Data: [0x21, 0x0f] }, [0x21, 0x0f]],
    ['nothing', { dataType: 1, dims: ['0', '9'] }, []],
  ])('%s becomes raw data', (_type, init, expected) => {
    const raw = withRawData(decoded(init));
    expect([...raw.rawData]).toEqual(expected);
    expect([raw.floatData, raw.int32Data, raw.int64Data, raw.doubleData, raw.uint64Data].flat()).toEqual([]);
    expect(withRawData(raw)).toEqual(raw);
  });

  it('keeps the bits of what is not a number', () => {
    const signalling = 0x7fa00001;
    const { rawData } = withRawData(decoded({ dataType: 1, dims: ['1'], floatData: [signalling] }));
    expect(new DataView(rawData.buffer).getUint32(0, true)).toBe(signalling);
  });

  it('leaves texts and unknown types alone', () => {
    for (const dataType of [8, 99]) {
      const tensor = decoded({ dataType, dims: ['5'] });
      expect(claimedBytes(tensor)).toBeUndefined();
      expect(withRawData(tensor)).toBe(tensor);
    }
  });
});

describe('a tensor', () => {
  it('is refused when it has fewer or more data than it claims, without making room for them', () => {
    for (const dims of [['3'], ['1000000000000'], ['1', '1']]) {
      const refused = refusal(() => withRawData(decoded({ dataType: 1, dims, rawData: new Uint8Array(8) })));
      expect(refused).toMatchObject({ code: 'tensor-damaged', details: { tensor: 't' } });
    }
    expect(refusal(() => withRawData(decoded({ dataType: 1, dims: ['2'], floatData: [1] }))).message).toContain(
      "'t', float32 [2], has 8 bytes; received 4",
    );
  });

  it('is refused with a negative or absurd dim', () => {
    for (const dims of [['-1'], ['-2', '-2'], ['9000000000000000000'], ['4294967296', '4294967296']]) {
      expect(refusal(() => claimedBytes(decoded({ dataType: 1, dims }))).code).toBe('tensor-damaged');
    }
  });
});
