import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';

/*
 * The signature functions a contract may call, with the return codes of cosmwasm-crypto 3.0 (src/errors.rs): 0 is valid, 1 is
 * invalid, larger numbers say which input was malformed.
 */
const VALID = 0;
const INVALID = 1;
const BAD_HASH = 3;
const BAD_SIGNATURE = 4;
const BAD_PUBLIC_KEY = 5;
const BAD_RECOVERY_PARAM = 6;
const BAD_BATCH = 7;
const GENERIC = 10;

function isSec1PublicKey(key: Uint8Array): boolean {
  if (key[0] === 2 || key[0] === 3) return key.length === 33;
  return key[0] === 4 && key.length === 65;
}

/** Verifies a 64-byte r||s signature over a 32-byte hash; high S is accepted, as cosmwasm-crypto does. Returns a code. */
export function secp256k1Verify(hash: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): number {
  if (hash.length !== 32) return BAD_HASH;
  if (signature.length !== 64) return BAD_SIGNATURE;
  if (!isSec1PublicKey(publicKey)) return BAD_PUBLIC_KEY;
  try {
    // Parsing first: malformed numbers and points are errors there, not a failed verification.
    secp256k1.Signature.fromBytes(signature, 'compact');
    secp256k1.Point.fromBytes(publicKey);
  } catch {
    return GENERIC;
  }
  return secp256k1.verify(signature, hash, publicKey, { prehash: false, lowS: false }) ? VALID : INVALID;
}

/** Recovers the uncompressed public key (65 bytes), or returns an error code. `recovery` is 0 or 1. */
export function secp256k1Recover(hash: Uint8Array, signature: Uint8Array, recovery: number): Uint8Array | number {
  if (hash.length !== 32) return BAD_HASH;
  if (signature.length !== 64) return BAD_SIGNATURE;
  if (recovery !== 0 && recovery !== 1) return BAD_RECOVERY_PARAM;
  try {
    const parsed = secp256k1.Signature.fromBytes(signature, 'compact').addRecoveryBit(recovery);
    return parsed.recoverPublicKey(hash).toBytes(false);
  } catch {
    return GENERIC;
  }
}

/** Verifies an Ed25519 signature by the ZIP 215 rules that ed25519-zebra, and so every CosmWasm chain, applies. */
export function ed25519Verify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): number {
  if (signature.length !== 64) return BAD_SIGNATURE;
  if (publicKey.length !== 32) return BAD_PUBLIC_KEY;
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: true }) ? VALID : INVALID;
  } catch {
    return INVALID;
  }
}

/**
 * Whether all of a batch's signatures are valid. One message or one key may stand for all (cosmwasm-crypto
 * ed25519_batch_verify). Each is verified on its own: slower than a real batch, same answer.
 */
export function ed25519BatchVerify(
  messages: readonly Uint8Array[],
  signatures: readonly Uint8Array[],
  publicKeys: readonly Uint8Array[],
): number {
  const count = signatures.length;
  const oneMessage = messages.length === 1 && publicKeys.length === count;
  const oneKey = publicKeys.length === 1 && messages.length === count;
  if (!(messages.length === count && publicKeys.length === count) && !oneMessage && !oneKey) return BAD_BATCH;
  let code = VALID;
  for (const [i, signature] of signatures.entries()) {
    const message = messages[oneMessage ? 0 : i];
    const publicKey = publicKeys[oneKey ? 0 : i];
    if (message === undefined || publicKey === undefined) return BAD_BATCH;
    const result = ed25519Verify(message, signature, publicKey);
    if (result > INVALID) return result;
    if (result === INVALID) code = INVALID;
  }
  return code;
}
