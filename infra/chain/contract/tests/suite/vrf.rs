use std::fs;

use proptest::prelude::*;
use quorate_contract::vrf::{validate_key, verify, VrfError};
use serde::Deserialize;

use crate::prover::SecretKey;

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    sk: String,
    pk: String,
    alpha: String,
    pi: String,
    beta: String,
}

pub fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "odd hex {text}");
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

pub fn vectors(name: &str) -> String {
    let path = format!("{}/../../../test/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn rfc_cases() -> Vec<Case> {
    let file: File = serde_json::from_str(&vectors("rfc9381-ecvrf-edwards25519-sha512-tai.json")).unwrap();
    file.cases
}

/// The order of the group, and points whose order divides 8, as RFC 8032 encodes them.
const L: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
const LOW_ORDER: [&str; 8] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
];
/// The same points, or none, with y >= p or a negative zero.
const NON_CANONICAL: [&str; 6] = [
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

#[test]
fn rfc_vectors() {
    let cases = rfc_cases();
    assert_eq!(cases.len(), 3);
    for case in cases {
        let key = SecretKey::new(&unhex(&case.sk));
        let (alpha, proof) = (unhex(&case.alpha), unhex(&case.pi));
        assert_eq!(key.public.as_slice(), unhex(&case.pk));
        assert_eq!(
            verify(&key.public, &alpha, &proof).unwrap().as_slice(),
            unhex(&case.beta)
        );
        assert_eq!(key.prove(&alpha).as_slice(), proof);
    }
}

#[test]
fn every_changed_byte_of_a_proof_is_refused() {
    let case = &rfc_cases()[2];
    let (key, alpha, proof) = (unhex(&case.pk), unhex(&case.alpha), unhex(&case.pi));
    for place in 0..proof.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut changed = proof.clone();
            changed[place] ^= change;
            assert!(verify(&key, &alpha, &changed).is_err(), "byte {place} ^ {change:02x}");
        }
    }
}

#[test]
fn other_keys_inputs_and_lengths_are_refused() {
    let cases = rfc_cases();
    let (alpha, proof) = (unhex(&cases[1].alpha), unhex(&cases[1].pi));
    let (key, other) = (unhex(&cases[1].pk), unhex(&cases[2].pk));
    assert_eq!(verify(&other, &alpha, &proof), Err(VrfError::Challenge {}));
    assert_eq!(verify(&key, b"other", &proof), Err(VrfError::Challenge {}));
    let short = verify(&key, &alpha, &proof[..79]);
    assert_eq!(short, Err(VrfError::ProofLength { length: 79 }));
    assert_eq!(validate_key(&key[..31]), Err(VrfError::KeyLength { length: 31 }));
}

#[test]
fn low_order_points_are_refused() {
    let case = &rfc_cases()[0];
    let (key, proof) = (unhex(&case.pk), unhex(&case.pi));
    for point in LOW_ORDER {
        assert_eq!(validate_key(&unhex(point)), Err(VrfError::KeyOrder {}), "{point}");
        let forged = [unhex(point), proof[32..].to_vec()].concat();
        assert_eq!(verify(&key, b"", &forged), Err(VrfError::GammaOrder {}), "{point}");
    }
}

#[test]
fn non_canonical_points_are_refused() {
    let case = &rfc_cases()[0];
    let (key, proof) = (unhex(&case.pk), unhex(&case.pi));
    for point in NON_CANONICAL {
        assert_eq!(validate_key(&unhex(point)), Err(VrfError::KeyEncoding {}), "{point}");
        let forged = [unhex(point), proof[32..].to_vec()].concat();
        assert_eq!(verify(&key, b"", &forged), Err(VrfError::GammaEncoding {}), "{point}");
    }
}

#[test]
fn every_y_from_p_up_is_refused() {
    for low in 0xed..=0xffu8 {
        for high in [0x7f, 0xff] {
            let mut point = [0xff; 32];
            (point[0], point[31]) = (low, high);
            assert_eq!(
                validate_key(&point),
                Err(VrfError::KeyEncoding {}),
                "{low:02x} {high:02x}"
            );
        }
    }
}

#[test]
fn a_scalar_from_the_group_order_up_is_refused() {
    let case = &rfc_cases()[0];
    let (key, proof) = (unhex(&case.pk), unhex(&case.pi));
    // s + L stands for the same scalar, so only the range check can refuse it.
    let mut carry = 0u16;
    let moved: Vec<u8> = proof[48..]
        .iter()
        .zip(unhex(L))
        .map(|(a, b)| {
            carry += u16::from(*a) + u16::from(b);
            let byte = carry as u8;
            carry >>= 8;
            byte
        })
        .collect();
    for s in [moved, unhex(L), vec![0xff; 32]] {
        let forged = [proof[..48].to_vec(), s].concat();
        assert_eq!(verify(&key, b"", &forged), Err(VrfError::ScalarRange {}));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn proofs_of_any_key_and_input_verify(seed: [u8; 32], alpha: Vec<u8>, place in 0usize..80) {
        let key = SecretKey::new(&seed);
        let proof = key.prove(&alpha);
        prop_assert!(verify(&key.public, &alpha, &proof).is_ok());
        let mut changed = proof;
        changed[place] ^= 4;
        prop_assert!(verify(&key.public, &alpha, &changed).is_err());
    }

    #[test]
    fn any_bytes_are_judged_without_panic(key: [u8; 32], proof in prop::collection::vec(any::<u8>(), 80)) {
        prop_assert!(verify(&key, b"", &proof).is_err());
    }
}
