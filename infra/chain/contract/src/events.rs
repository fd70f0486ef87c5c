//! Events of type `quorate` (`wasm-quorate` in the block): `kind` first, hashes in lower-case hex.

use std::fmt::Write;

use cosmwasm_std::Event;

pub fn event(kind: &str) -> Event {
    Event::new("quorate").add_attribute("kind", kind)
}

/// An event about one attempt of a query.
pub fn attempt_event(kind: &str, query_id: u64, attempt: u32) -> Event {
    event(kind)
        .add_attribute("query_id", query_id.to_string())
        .add_attribute("attempt", attempt.to_string())
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
