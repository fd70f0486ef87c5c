//! The hashes of section 1 that the contract computes.

use crate::frame::Frame;

/// Where a hash is bound to: the same contract code on another chain gives other hashes.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub chain_id: &'a str,
    pub contract: &'a str,
}

impl<'a> Place<'a> {
    pub fn of(env: &'a cosmwasm_std::Env) -> Self {
        Self {
            chain_id: &env.block.chain_id,
            contract: env.contract.address.as_str(),
        }
    }

    pub fn frame(&self, tag: &str) -> Frame {
        Frame::new(tag).text(self.chain_id).text(self.contract)
    }
}

pub struct QueryFields<'a> {
    pub query_id: u64,
    pub asker: &'a str,
    pub model: &'a [u8],
    pub input_hash: &'a [u8],
    pub seats: u32,
    pub privacy: &'a str,
    pub max_units: u64,
    pub fee: u128,
}

pub fn query_hash(place: Place, query: &QueryFields) -> [u8; 32] {
    place
        .frame("quorate/query/v1")
        .u64(query.query_id)
        .text(query.asker)
        .bytes(query.model)
        .bytes(query.input_hash)
        .u32(query.seats)
        .text(query.privacy)
        .u64(query.max_units)
        .u128(query.fee)
        .hash()
}

/// Height and time are unknown to the asker beforehand, so asking again and again does not choose a committee.
pub fn seed(
    place: Place,
    module_seed: &[u8],
    query_id: u64,
    attempt: u32,
    opened_height: u64,
    opened_time_ns: u64,
) -> [u8; 32] {
    place
        .frame("quorate/seed/v1")
        .bytes(module_seed)
        .u64(query_id)
        .u32(attempt)
        .u64(opened_height)
        .u64(opened_time_ns)
        .hash()
}

pub fn first_module_seed(place: Place) -> [u8; 32] {
    place.frame("quorate/module-seed/v1").hash()
}

pub fn next_module_seed(module_seed: &[u8], beta: &[u8]) -> [u8; 32] {
    Frame::new("quorate/module-seed/v1")
        .bytes(module_seed)
        .bytes(beta)
        .hash()
}

pub fn alpha(seed: &[u8], round: u32) -> [u8; 32] {
    Frame::new("quorate/draw/v1").bytes(seed).u32(round).hash()
}

pub fn sketch_hash(sketch: &[i32]) -> [u8; 32] {
    let numbers: Vec<u8> = sketch.iter().flat_map(|n| n.to_be_bytes()).collect();
    Frame::new("quorate/sketch/v1").bytes(numbers).hash()
}

pub struct CommitmentFields<'a> {
    pub query_id: u64,
    pub attempt: u32,
    pub node: &'a str,
    pub digest: &'a [u8],
    pub sketch_hash: &'a [u8],
    pub receipts_root: &'a [u8],
    pub salt: &'a [u8],
}

/// Bound to the node, so that a copied commitment can never be revealed.
pub fn commitment(place: Place, fields: &CommitmentFields) -> [u8; 32] {
    place
        .frame("quorate/commit/v1")
        .u64(fields.query_id)
        .u32(fields.attempt)
        .text(fields.node)
        .bytes(fields.digest)
        .bytes(fields.sketch_hash)
        .bytes(fields.receipts_root)
        .bytes(fields.salt)
        .hash()
}
