import { rawDigest, tokensDigest } from '../../protocol/digest.ts';
import { equalBytes } from '../../protocol/encoding.ts';

/** How a result's bytes are read: as they are, or as token ids, each u32 big-endian. */
export type ResultKind = 'raw' | 'tokens';

const tokens = (bytes: Uint8Array): number[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i));
};

/** The kind under which these bytes have this digest (docs/protocol.md section 1), or undefined when under none. */
export const resultKind = (bytes: Uint8Array, digest: Uint8Array): ResultKind | undefined => {
  if (equalBytes(rawDigest(bytes), digest)) return 'raw';
  return bytes.length % 4 === 0 && equalBytes(tokensDigest(tokens(bytes)), digest) ? 'tokens' : undefined;
};
