//! Length-prefixed fields, the one encoding of everything that is hashed or signed (section 1).

use sha2::{Digest, Sha256};

/// A frame under construction: `field(tag) || field(f1) || ...`.
pub struct Frame(Vec<u8>);

impl Frame {
    pub fn new(tag: &str) -> Self {
        Self::fields().text(tag)
    }

    /// A bare run of fields, for lists that lie inside a field of a frame.
    pub fn fields() -> Self {
        Self(Vec::with_capacity(256))
    }

    pub fn bytes(mut self, field: impl AsRef<[u8]>) -> Self {
        let field = field.as_ref();
        let length = u32::try_from(field.len()).expect("a field is shorter than 4 GiB");
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(field);
        self
    }

    pub fn text(self, field: impl AsRef<str>) -> Self {
        self.bytes(field.as_ref().as_bytes())
    }

    pub fn u32(self, field: u32) -> Self {
        self.bytes(field.to_be_bytes())
    }

    pub fn u64(self, field: u64) -> Self {
        self.bytes(field.to_be_bytes())
    }

    pub fn u128(self, field: u128) -> Self {
        self.bytes(field.to_be_bytes())
    }

    pub fn encode(self) -> Vec<u8> {
        self.0
    }

    pub fn hash(self) -> [u8; 32] {
        sha256(&self.0)
    }
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
