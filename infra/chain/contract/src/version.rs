//! Who this contract is, as cw2 keeps it.

pub const NAME: &str = concat!("crates.io:", env!("CARGO_PKG_NAME"));
pub const NUMBER: &str = env!("CARGO_PKG_VERSION");
