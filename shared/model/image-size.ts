import { crc32 } from 'node:zlib';

/** Size of an image as its header tells it; nothing is decoded. Undefined for a header that is cut off or is none. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const text = (bytes: Uint8Array, at: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(at, at + length));
const size = (width: number, height: number): Size | undefined =>
  width > 0 && height > 0 ? { width, height } : undefined;

/** W3C PNG 5.2 and 11.2.1: the signature, then IHDR with its checksum. */
export const pngSize = (bytes: Uint8Array): Size | undefined => {
  if (bytes.length < 33 || text(bytes, 12, 4) !== 'IHDR') return undefined;
  const header = view(bytes);
  if (header.getUint32(8) !== 13 || header.getUint32(29) !== crc32(bytes.subarray(12, 29))) return undefined;
  return size(header.getUint32(16), header.getUint32(20));
};

/** ITU-T T.81 B.1.1.3: SOF0 to SOF15 but those three codes, which are DHT, JPG and DAC. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;

/** ITU-T T.81 B.2: segments up to the frame header. A size that only a later DNL segment tells (height 0) is none. */
export const jpegSize = (bytes: Uint8Array): Size | undefined => {
  const segments = view(bytes);
  for (let at = 2; at + 4 <= bytes.length; ) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) {
      // A fill byte.
      at += 1;
      continue;
    }
    if (marker === START_OF_SCAN || marker === END_OF_IMAGE) return undefined;
    if (isFrame(marker)) {
      return at + 9 <= bytes.length ? size(segments.getUint16(at + 7), segments.getUint16(at + 5)) : undefined;
    }
    const lengthBytes = segments.getUint16(at + 2);
    if (lengthBytes < 2) return undefined;
    at += 2 + lengthBytes;
  }
  return undefined;
};

const uint24 = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);

/** RFC 9649, sections 2.5 (lossy, by RFC 6386 9.1), 2.6 (lossless) and 2.7 (extended: the canvas). */
export const webpSize = (bytes: Uint8Array): Size | undefined => {
  if (bytes.length < 30) return undefined;
  const header = view(bytes);
  switch (text(bytes, 12, 4)) {
    case 'VP8 ':
      if (uint24(bytes, 23) !== 0x2a019d) return undefined;
      return size(header.getUint16(26, true) & 0x3fff, header.getUint16(28, true) & 0x3fff);
    case 'VP8L': {
      if (bytes[20] !== 0x2f) return undefined;
      const packed = header.getUint32(21, true);
      return size((packed & 0x3fff) + 1, ((packed >>> 14) & 0x3fff) + 1);
    }
    case 'VP8X':
      return size(uint24(bytes, 24) + 1, uint24(bytes, 27) + 1);
    default:
      return undefined;
  }
};
