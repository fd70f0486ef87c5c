import { createHash } from 'node:crypto';
import { toBech32 } from '@cosmjs/encoding';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { ripemd160 } from '@noble/hashes/legacy.js';
import { BadInputError, InvariantError } from '../../errors.ts';

/** Cosmos address: bech32 of RIPEMD-160 of SHA-256 of the compressed public key. */
export const addressOf = (publicKey: Uint8Array, bech32Prefix: string): string =>
  toBech32(bech32Prefix, ripemd160(createHash('sha256').update(publicKey).digest()));

/** @throws {BadInputError} `bad-digest` unless 32 bytes */
export const checkDigest = (digest: Uint8Array): void => {
  if (digest.length !== 32) throw new BadInputError('bad-digest', `a digest of ${digest.length} bytes, expected 32`);
};

/**
 * A SubjectPublicKeyInfo (RFC 5480) of a secp256k1 key in its one usual form: id-ecPublicKey, curve 1.3.132.0.10, and a bit string of
 * the uncompressed point. This is all of it but the point's 64 bytes.
 */
const SPKI_PREFIX = Buffer.from('3056301006072a8648ce3d020106052b8104000a03420004', 'hex');

/** @returns compressed point, 33 bytes. @throws {InvariantError} `bad-public-key` for any other form, curve, or a point off the curve */
export const publicKeyFromSpki = (spki: Uint8Array): Uint8Array => {
  const isUsual = spki.length === SPKI_PREFIX.length + 64 && SPKI_PREFIX.equals(spki.subarray(0, SPKI_PREFIX.length));
  try {
    // The prefix ends with the mark of an uncompressed point, which is a part of it.
    if (isUsual) return secp256k1.Point.fromBytes(spki.slice(SPKI_PREFIX.length - 1)).toBytes(true);
  } catch (cause) {
    throw new InvariantError('bad-public-key', 'a public key whose point is not on secp256k1', { cause });
  }
  throw new InvariantError('bad-public-key', `${spki.length} bytes that are no secp256k1 key as RFC 5480 writes it`);
};

/**
 * A signature as X9.62 writes it (DER, strictly: least lengths, no sign bit, nothing behind) in the form that Cosmos takes: r || s, 64
 * bytes, with the lower of the two values of s that verify.
 * @throws {InvariantError} `bad-signature`
 */
export const compactFromDer = (der: Uint8Array): Uint8Array => {
  try {
    const { Signature, Point } = secp256k1;
    const { r, s } = Signature.fromBytes(der, 'der');
    const high = s > Point.Fn.ORDER / 2n;
    return new Signature(r, high ? Point.Fn.ORDER - s : s).toBytes('compact');
  } catch (cause) {
    throw new InvariantError('bad-signature', `${der.length} bytes that are no secp256k1 signature in DER`, { cause });
  }
};
