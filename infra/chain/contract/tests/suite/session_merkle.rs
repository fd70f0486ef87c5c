//! Trees as RFC 6962 states them, and openings that must and must not fit.

use proptest::prelude::*;
use quorate_contract::frame::sha256;
use quorate_contract::merkle::{leaf_hash, node_hash, verify};

fn split(leaves: usize) -> usize {
    (leaves - 1).next_power_of_two().max(1) >> usize::from(!(leaves - 1).is_power_of_two())
}

pub fn root(leaves: &[Vec<u8>]) -> [u8; 32] {
    match leaves {
        [] => sha256(b""),
        [only] => leaf_hash(only),
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&root(left), &root(right))
        }
    }
}

pub fn path(leaves: &[Vec<u8>], index: usize) -> Vec<[u8; 32]> {
    if leaves.len() <= 1 {
        return vec![];
    }
    let at = split(leaves.len());
    let (left, right) = leaves.split_at(at);
    let (mut inner, sibling) = match index < at {
        true => (path(left, index), root(right)),
        false => (path(right, index - at), root(left)),
    };
    inner.push(sibling);
    inner
}

#[test]
fn the_split_is_the_largest_power_of_two_below() {
    let found: Vec<usize> = (2..=9).map(split).collect();
    assert_eq!(found, [1, 2, 2, 4, 4, 4, 4, 8]);
}

#[test]
fn hostile_shapes_are_refused_and_never_panic() {
    let none: [[u8; 32]; 0] = [];
    assert!(!verify(&[0; 32], b"", 0, 0, &none));
    assert!(!verify(&[0; 32], b"", 1, 1, &none));
    assert!(!verify(&[0; 32], b"", 0, u32::MAX, &none));
    assert!(!verify(&[0; 32], b"", u32::MAX - 1, u32::MAX, &vec![[0; 32]; 10_000]));
    assert!(!verify(&root(&[b"a".to_vec()])[..31], b"a", 0, 1, &none));
    assert!(!verify(&[0; 32], b"", 0, 2, &[[0; 31].to_vec()]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn every_leaf_opens_and_no_forgery_does(
        leaves in prop::collection::hash_set(prop::collection::vec(any::<u8>(), 0..40), 1..70),
        pick: prop::sample::Index,
        other: prop::sample::Index,
        bit in 0usize..256,
    ) {
        let leaves: Vec<Vec<u8>> = leaves.into_iter().collect();
        let (total, index) = (leaves.len(), pick.index(leaves.len()));
        let (root, good) = (root(&leaves), path(&leaves, index));
        let opens = |root: &[u8], leaf: &[u8], index: usize, total: usize, path: &[[u8; 32]]| {
            verify(root, leaf, index as u32, total as u32, path)
        };
        prop_assert!(opens(&root, &leaves[index], index, total, &good));
        let elsewhere = other.index(total);
        if elsewhere != index {
            prop_assert!(!opens(&root, &leaves[elsewhere], index, total, &good));
            prop_assert!(!opens(&root, &leaves[index], elsewhere, total, &good));
        }
        prop_assert!(!opens(&root, &leaves[index], total, total, &good));
        let mut longer = good.clone();
        longer.push([0; 32]);
        prop_assert!(!opens(&root, &leaves[index], index, total, &longer));
        let mut wrong_root = root;
        wrong_root[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!opens(&wrong_root, &leaves[index], index, total, &good));
        if let Some(last) = good.len().checked_sub(1) {
            prop_assert!(!opens(&root, &leaves[index], index, total, &good[..last]));
            let mut wrong = good.clone();
            wrong[bit % good.len()][bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!opens(&root, &leaves[index], index, total, &wrong));
            // An inner node passed off as a leaf: the prefixes differ.
            let inner = [leaf_hash(&leaves[index]), good[0]].concat();
            prop_assert!(!opens(&root, &inner, 0, 1, &[]));
        }
    }
}
