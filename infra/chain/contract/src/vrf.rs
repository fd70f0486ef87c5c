//! Verification of ECVRF-EDWARDS25519-SHA512-TAI, suite 0x03 of RFC 9381.
//!
//! - [`verify`] is section 5.3 with key validation (5.4.5); [`hash_to_curve`] is 5.4.1.1 with the public key as salt;
//!   the challenge is 5.4.3 with cLen = 16; the output is 5.2 with the cofactor front and three-byte framing of 5.5.
//! - Points are decoded as RFC 8032 section 5.1.3 says: a y coordinate of p or more and the sign bit on x = 0 are refused.
//! - Stricter than the RFC in one point: a Gamma of low order is refused as well. No valid key can produce one.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{IsIdentity, VartimeMultiscalarMul};
use sha2::{Digest, Sha512};
use thiserror::Error;

pub const PUBLIC_KEY_BYTES: usize = 32;
pub const PROOF_BYTES: usize = 80;
pub const OUTPUT_BYTES: usize = 64;

const SUITE: u8 = 0x03;
const CHALLENGE_BYTES: usize = 16;
const BACK: u8 = 0x00;

#[derive(Error, Debug, PartialEq, Eq, Clone, Copy)]
pub enum VrfError {
    #[error("a public key has 32 bytes, got {length}")]
    KeyLength { length: usize },
    #[error("the public key is no canonical point")]
    KeyEncoding {},
    #[error("the public key is of low order")]
    KeyOrder {},
    #[error("a proof has 80 bytes, got {length}")]
    ProofLength { length: usize },
    #[error("gamma is no canonical point")]
    GammaEncoding {},
    #[error("gamma is of low order")]
    GammaOrder {},
    #[error("s is not below the group order")]
    ScalarRange {},
    #[error("no point found for alpha in 256 tries")]
    HashToCurve {},
    #[error("the proof does not verify")]
    Challenge {},
}

/// Refuses what section 5.4.5 refuses.
pub fn validate_key(public_key: &[u8]) -> Result<EdwardsPoint, VrfError> {
    if public_key.len() != PUBLIC_KEY_BYTES {
        return Err(VrfError::KeyLength {
            length: public_key.len(),
        });
    }
    let point = decode_point(public_key).ok_or(VrfError::KeyEncoding {})?;
    if point.is_small_order() {
        return Err(VrfError::KeyOrder {});
    }
    Ok(point)
}

/// The output `beta` when the proof is valid for this key and input.
pub fn verify(public_key: &[u8], alpha: &[u8], proof: &[u8]) -> Result<[u8; OUTPUT_BYTES], VrfError> {
    let key = validate_key(public_key)?;
    if proof.len() != PROOF_BYTES {
        return Err(VrfError::ProofLength { length: proof.len() });
    }
    let (gamma_bytes, rest) = proof.split_at(32);
    let (challenge_bytes, s_bytes) = rest.split_at(CHALLENGE_BYTES);

    let gamma = decode_point(gamma_bytes).ok_or(VrfError::GammaEncoding {})?;
    let cleared = gamma.mul_by_cofactor();
    if cleared.is_identity() {
        return Err(VrfError::GammaOrder {});
    }
    let s: Option<Scalar> = Scalar::from_canonical_bytes(array(s_bytes)).into();
    let s = s.ok_or(VrfError::ScalarRange {})?;
    let c = Scalar::from(u128::from_le_bytes(array(challenge_bytes)));

    // The points are negated and not the challenge, which stays half as long that way.
    let h = hash_to_curve(public_key, alpha)?;
    let u = EdwardsPoint::vartime_double_scalar_mul_basepoint(&c, &-key, &s);
    let v = EdwardsPoint::vartime_multiscalar_mul([s, c], [h, -gamma]);

    if challenge(public_key, &h, gamma_bytes, &u, &v) != challenge_bytes {
        return Err(VrfError::Challenge {});
    }
    Ok(output(&cleared))
}

/// The first point that counting finds, with the cofactor cleared.
pub fn hash_to_curve(salt: &[u8], alpha: &[u8]) -> Result<EdwardsPoint, VrfError> {
    const FRONT: u8 = 0x01;
    for counter in 0..=u8::MAX {
        let digest = Sha512::new()
            .chain_update([SUITE, FRONT])
            .chain_update(salt)
            .chain_update(alpha)
            .chain_update([counter, BACK])
            .finalize();
        if let Some(point) = decode_point(&digest[..32]) {
            let cleared = point.mul_by_cofactor();
            if !cleared.is_identity() {
                return Ok(cleared);
            }
        }
    }
    Err(VrfError::HashToCurve {})
}

pub fn challenge(
    public_key: &[u8],
    h: &EdwardsPoint,
    gamma: &[u8],
    u: &EdwardsPoint,
    v: &EdwardsPoint,
) -> [u8; CHALLENGE_BYTES] {
    const FRONT: u8 = 0x02;
    let digest = Sha512::new()
        .chain_update([SUITE, FRONT])
        .chain_update(public_key)
        .chain_update(h.compress().as_bytes())
        .chain_update(gamma)
        .chain_update(u.compress().as_bytes())
        .chain_update(v.compress().as_bytes())
        .chain_update([BACK])
        .finalize();
    array(&digest[..CHALLENGE_BYTES])
}

/// `beta` of a Gamma that was multiplied by the cofactor already.
pub fn output(cleared_gamma: &EdwardsPoint) -> [u8; OUTPUT_BYTES] {
    const FRONT: u8 = 0x03;
    Sha512::new()
        .chain_update([SUITE, FRONT])
        .chain_update(cleared_gamma.compress().as_bytes())
        .chain_update([BACK])
        .finalize()
        .into()
}

fn decode_point(bytes: &[u8]) -> Option<EdwardsPoint> {
    let encoded = CompressedEdwardsY(array(bytes));
    // dalek accepts y >= p and a negative zero: only what encodes back to itself is canonical.
    encoded.decompress().filter(|point| point.compress() == encoded)
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("callers pass slices of this length")
}
