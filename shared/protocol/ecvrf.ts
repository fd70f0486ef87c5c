import { ed25519 } from '@noble/curves/ed25519.js';
import { concat, equalBytes } from './encoding.ts';
import { sha512 } from './sha2.ts';

/**
 * ECVRF-EDWARDS25519-SHA512-TAI of RFC 9381 (section 5, suite 0x03 of 5.5).
 * Not constant-time beyond what @noble/curves gives: prove with keys of nodes, not with keys that guard more.
 */

const SUITE = Uint8Array.of(0x03);
const ZERO = Uint8Array.of(0x00);
const Point = ed25519.Point;
type Point = InstanceType<typeof Point>;
const L = Point.Fn.ORDER;
/** The base point without noble's table of multiples: building it costs as much as checking fifteen proofs, and most checkers check five. */
const BASE = Point.fromAffine(Point.BASE.toAffine());

const littleEndian = (bytes: Uint8Array): bigint => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
const scalarBytes = (value: bigint, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));

/** Strict decoding of RFC 8032 section 5.1.3: non-canonical y is refused. */
const decodePoint = (bytes: Uint8Array): Point | undefined => {
  try {
    return Point.fromBytes(bytes, false);
  } catch {
    return undefined;
  }
};

/** 5.4.1.1, encode_to_curve by try and increment; the salt is the public key (5.5). */
const encodeToCurve = (publicKey: Uint8Array, alpha: Uint8Array): Point => {
  for (let counter = 0; counter < 256; counter++) {
    const digest = sha512(concat([SUITE, Uint8Array.of(0x01), publicKey, alpha, Uint8Array.of(counter), ZERO]));
    const point = decodePoint(digest.subarray(0, 32));
    if (point) {
      const cleared = point.clearCofactor();
      if (!cleared.equals(Point.ZERO)) return cleared;
    }
  }
  throw new RangeError('no curve point for this input in 256 tries');
};

/** 5.4.3, 16 bytes. */
const challenge = (points: readonly Point[]): Uint8Array =>
  sha512(concat([SUITE, Uint8Array.of(0x02), ...points.map((p) => p.toBytes()), ZERO])).subarray(0, 16);

/** 5.2 step 5 on; 64 bytes. */
const outputOf = (gamma: Point): Uint8Array =>
  sha512(concat([SUITE, Uint8Array.of(0x03), gamma.clearCofactor().toBytes(), ZERO]));

/** @param seed Ed25519 secret key of RFC 8032, 32 bytes. @returns proof of 80 bytes, beta of 64 */
export const vrfProve = (seed: Uint8Array, alpha: Uint8Array): { proof: Uint8Array; beta: Uint8Array } => {
  const { scalar: x, prefix, pointBytes } = ed25519.utils.getExtendedPublicKey(seed);
  const h = encodeToCurve(pointBytes, alpha);
  const gamma = h.multiply(x);
  const k = littleEndian(sha512(concat([prefix, h.toBytes()]))) % L;
  const c = challenge([Point.fromBytes(pointBytes), h, gamma, Point.BASE.multiply(k), h.multiply(k)]);
  const s = (k + littleEndian(c) * x) % L;
  return { proof: concat([gamma.toBytes(), c, scalarBytes(s, 32)]), beta: outputOf(gamma) };
};

/** 5.4.5: decodes, and is not of low order. */
const decodeKey = (publicKey: Uint8Array): Point | undefined => {
  const point = publicKey.length === 32 ? decodePoint(publicKey) : undefined;
  return point?.isSmallOrder() ? undefined : point;
};
export const isValidVrfKey = (publicKey: Uint8Array): boolean => decodeKey(publicKey) !== undefined;

/** @returns beta of 64 bytes, or undefined when the proof does not hold; never throws on hostile input. */
export const vrfVerify = (publicKey: Uint8Array, alpha: Uint8Array, proof: Uint8Array): Uint8Array | undefined => {
  const y = decodeKey(publicKey);
  if (!y || proof.length !== 80) return undefined;
  const gamma = decodePoint(proof.subarray(0, 32));
  const c = proof.subarray(32, 48);
  const s = littleEndian(proof.subarray(48));
  if (!gamma || s >= L) return undefined;
  const h = encodeToCurve(publicKey, alpha);
  const cScalar = littleEndian(c);
  // multiplyUnsafe: all of a proof is public, so timing tells nothing.
  const u = BASE.multiplyUnsafe(s).subtract(y.multiplyUnsafe(cScalar));
  const v = h.multiplyUnsafe(s).subtract(gamma.multiplyUnsafe(cScalar));
  return equalBytes(challenge([y, h, gamma, u, v]), c) ? outputOf(gamma) : undefined;
};
