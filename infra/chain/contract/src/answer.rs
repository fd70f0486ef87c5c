//! The `data` of each message: frames that a block header commits to (section 7).

use cosmwasm_std::Event;

use crate::frame::Frame;
use crate::state::{Opening, Query, Seat, SeatOutcome};

/// An attempt that a message opened: its frame and its event.
pub struct Opened {
    pub frame: Vec<u8>,
    pub event: Event,
}

pub fn opened(query: &Query, opening: &Opening) -> Vec<u8> {
    Frame::new("quorate/opened/v1")
        .u64(query.id)
        .u32(opening.attempt)
        .bytes(&query.query_hash)
        .bytes(&opening.seed)
        .u64(opening.height)
        .u32(query.seats)
        .u128(opening.total_weight.u128())
        .encode()
}

pub fn asked(query_id: u64, query_hash: &[u8], opened: &[u8]) -> Vec<u8> {
    Frame::new("quorate/asked/v1")
        .u64(query_id)
        .bytes(query_hash)
        .bytes(opened)
        .encode()
}

pub struct Committed<'a> {
    pub query_id: u64,
    pub attempt: u32,
    pub node: &'a str,
    pub vrf_pubkey: &'a [u8],
    pub weight: u128,
    pub round: u32,
    pub commitment: &'a [u8],
}

pub fn committed(fields: &Committed) -> Vec<u8> {
    Frame::new("quorate/committed/v1")
        .u64(fields.query_id)
        .u32(fields.attempt)
        .text(fields.node)
        .bytes(fields.vrf_pubkey)
        .u128(fields.weight)
        .u32(fields.round)
        .bytes(fields.commitment)
        .encode()
}

pub fn revealed(query_id: u64, attempt: u32, node: &str, outcome: SeatOutcome) -> Vec<u8> {
    Frame::new("quorate/revealed/v1")
        .u64(query_id)
        .u32(attempt)
        .text(node)
        .text(outcome.as_str())
        .encode()
}

#[derive(Default)]
pub struct Settled<'a> {
    pub query_id: u64,
    pub attempt: u32,
    pub outcome: &'a str,
    pub digest: &'a [u8],
    pub votes: u32,
    pub committed: u32,
    pub seats: &'a [Seat],
}

pub fn settled<'a>(fields: &Settled, opened: impl IntoIterator<Item = &'a Opened>) -> Vec<u8> {
    let seats = fields.seats.iter().fold(Frame::fields(), |list, seat| {
        list.text(&seat.node)
            .text(seat.outcome.as_str())
            .u128(seat.paid.u128())
            .u128(seat.slashed.u128())
    });
    let opened = opened
        .into_iter()
        .fold(Frame::fields(), |list, opened| list.bytes(&opened.frame));
    Frame::new("quorate/settled/v1")
        .u64(fields.query_id)
        .u32(fields.attempt)
        .text(fields.outcome)
        .bytes(fields.digest)
        .u32(fields.votes)
        .u32(fields.committed)
        .bytes(seats.encode())
        .bytes(opened.encode())
        .encode()
}
