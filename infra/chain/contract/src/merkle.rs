//! Inclusion proofs in the trees of RFC 6962 section 2.1 (section 1 of the protocol).

use crate::frame::sha256;

/// No tree of 2^32 leaves is deeper.
pub const MAX_PATH: usize = 32;

pub fn leaf_hash(data: &[u8]) -> [u8; 32] {
    sha256(&[&[0], data].concat())
}

pub fn node_hash(left: &[u8], right: &[u8]) -> [u8; 32] {
    sha256(&[&[1], left, right].concat())
}

/// Whether `data` is leaf `index` of a tree of `total` leaves with this root; `path` leads from the leaf to the root.
pub fn verify(root: &[u8], data: &[u8], index: u32, total: u32, path: &[impl AsRef<[u8]>]) -> bool {
    if index >= total || path.iter().any(|sibling| sibling.as_ref().len() != 32) {
        return false;
    }
    climb(data, index, total, path).is_some_and(|computed| computed.as_slice() == root)
}

fn climb(data: &[u8], index: u32, total: u32, path: &[impl AsRef<[u8]>]) -> Option<[u8; 32]> {
    if total == 1 {
        return path.is_empty().then(|| leaf_hash(data));
    }
    let (sibling, rest) = path.split_last()?;
    // The largest power of two below the number of leaves.
    let split = 1 << (total - 1).ilog2();
    Some(match index < split {
        true => node_hash(&climb(data, index, split, rest)?, sibling.as_ref()),
        false => node_hash(sibling.as_ref(), &climb(data, index - split, total - split, rest)?),
    })
}
