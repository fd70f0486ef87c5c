//! The proving side of the VRF (RFC 9381 section 5.1), which the contract itself has no use for.

use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::{clamp_integer, Scalar};
use quorate_contract::vrf::{challenge, hash_to_curve};
use sha2::{Digest, Sha512};

#[derive(Clone)]
pub struct SecretKey {
    scalar: Scalar,
    prefix: [u8; 32],
    pub public: [u8; 32],
}

impl SecretKey {
    pub fn new(seed: &[u8]) -> Self {
        let digest = Sha512::digest(seed);
        let half: [u8; 32] = digest[..32].try_into().unwrap();
        let scalar = Scalar::from_bytes_mod_order(clamp_integer(half));
        Self {
            scalar,
            prefix: digest[32..].try_into().unwrap(),
            public: EdwardsPoint::mul_base(&scalar).compress().to_bytes(),
        }
    }

    pub fn prove(&self, alpha: &[u8]) -> [u8; 80] {
        let h = hash_to_curve(&self.public, alpha).unwrap();
        let gamma = h * self.scalar;
        let gamma_bytes = gamma.compress().to_bytes();
        let nonce = Sha512::new()
            .chain_update(self.prefix)
            .chain_update(h.compress().as_bytes())
            .finalize();
        let k = Scalar::from_bytes_mod_order_wide(&nonce.into());
        let u = EdwardsPoint::mul_base(&k);
        let c = challenge(&self.public, &h, &gamma_bytes, &u, &(h * k));
        let s = k + Scalar::from(u128::from_le_bytes(c)) * self.scalar;
        let mut proof = [0; 80];
        proof[..32].copy_from_slice(&gamma_bytes);
        proof[32..48].copy_from_slice(&c);
        proof[48..].copy_from_slice(s.as_bytes());
        proof
    }
}
